import t from 'tap'
import { gridsComeOutEqual, titlesAreReadAsThemselves } from './download/properties.ts'

const runs = Number(process.env.PROPERTY_RUNS ?? 10)
const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31)
t.comment(`PROPERTY_SEED=${seed} PROPERTY_RUNS=${runs}`)

t.setTimeout(600_000)

t.test('any grid comes out equal in each format, at any size of calls', { timeout: 600_000 }, (t) =>
  gridsComeOutEqual(t, runs, seed),
)

t.test('any tab title is read as itself', { timeout: 600_000 }, (t) =>
  titlesAreReadAsThemselves(t, Math.ceil(runs / 4), seed),
)
