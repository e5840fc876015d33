import t from 'tap'
import { runWorld } from './simulation/run-world.ts'

t.test('a seed lives through the same world each time, however fast the machine is', async (t) => {
  for (const seed of [822311435, 822311436, 822311437])
    t.same(await runWorld(seed), await runWorld(seed), `SEED=${seed}`)
})
