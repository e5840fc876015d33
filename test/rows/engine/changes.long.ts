import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { TableType } from '../../../src/rows/engine/protocol.ts'
import { ASKING, anEngine } from './an-engine.ts'

type Row = Readonly<Record<string, string | number | boolean | null>>
type Types = Readonly<Record<string, TableType>>

/** Compares rows in two tables with the same columns. */
async function aComparison(t: Test) {
  const { engine, directory, table } = await anEngine(t, { timeLimitMs: 60_000 })
  let tables = 0
  return async (
    before: readonly [Types, readonly Row[]],
    now: readonly [Types, readonly Row[]],
    key: readonly string[] = [],
  ) => {
    await table(...before)
    await table(...now)
    const [since, until] = [tables, tables + 1].map((index) => join(directory, `table-${index}.duckdb`)) as [
      string,
      string,
    ]
    tables += 2
    const columns = Object.keys(now[0])
    const answer = await engine.changes(
      {
        since: { file: since, columns },
        until: { file: until, columns },
        common: columns.map((column) => ({ since: column, until: column, isKey: key.includes(column) })),
        ...{ offset: 0, limit: 1000, answerFile: join(directory, `changes-${tables}`), maxBytes: 64_000_000 },
      },
      ASKING,
    )
    const content = answer.content ?? (await readFile(join(directory, `changes-${tables}`)))
    return { ...answer, changes: JSON.parse(Buffer.from(content).toString()) }
  }
}

t.test('by key and whole, the changes are those that a recount by hand finds', async (t) => {
  const compare = await aComparison(t)
  const types = { k: 'BIGINT', v: 'VARCHAR' } as const
  const small = fc.integer({ min: 0, max: 4 })
  const rows = fc.array(fc.record({ k: fc.option(small), v: fc.option(fc.constantFrom('a', 'b')) }), {
    minLength: 1,
    maxLength: 8,
  })
  await fc.assert(
    fc.asyncProperty(rows, rows, async (before, now) => {
      const whole = await compare([types, before], [types, now])
      const surplus = (list: readonly Row[], than: readonly Row[]) => {
        const left = than.map((row) => JSON.stringify(row))
        return list.filter((row) => {
          const at = left.indexOf(JSON.stringify(row))
          if (at >= 0) left.splice(at, 1)
          return at < 0
        })
      }
      const expected = { added: surplus(now, before).length, removed: surplus(before, now).length, changed: 0 }
      if (JSON.stringify(whole.counts) !== JSON.stringify(expected))
        throw new Error(`whole: ${JSON.stringify([whole.counts, expected])}`)

      const keyed = await compare([types, before], [types, now], ['k'])
      const counts = { added: 0, removed: 0, changed: 0 }
      let duplicates = 0
      for (const k of new Set([...before, ...now].map((row) => row.k))) {
        const [old, fresh] = [before.filter((row) => row.k === k), now.filter((row) => row.k === k)]
        const isRepeated = old.length > 1 || fresh.length > 1
        if (isRepeated) duplicates += 1
        const [gone, come] = [surplus(old, fresh).length, surplus(fresh, old).length]
        if (!isRepeated && gone === 1 && come === 1) counts.changed += 1
        else {
          counts.added += come
          counts.removed += gone
        }
      }
      const got = JSON.stringify([keyed.counts, keyed.duplicateKeys.count])
      if (got !== JSON.stringify([counts, duplicates]))
        throw new Error(`by key: ${got}, not ${JSON.stringify([counts, duplicates])}`)
    }),
    { numRuns: 20 },
  )
})

t.test('cells of columns whose type has changed are equal where their values are', async (t) => {
  const compare = await aComparison(t)
  const before = {
    id: 'BIGINT',
    n: 'DOUBLE',
    d: 'DATE',
    at: 'TIMESTAMP',
    b: 'BOOLEAN',
    i: 'BIGINT',
    s: 'VARCHAR',
  } as const
  const now = {
    id: 'BIGINT',
    n: 'VARCHAR',
    d: 'TIMESTAMP',
    at: 'VARCHAR',
    b: 'VARCHAR',
    i: 'DOUBLE',
    s: 'VARCHAR',
  } as const
  const row = { id: 1, n: 49, d: '2024-01-31', at: '2024-01-31T13:45:00.5', b: true, i: 7, s: '' }
  const same = await compare([before, [row]], [now, [{ ...row, d: '2024-01-31T00:00:00', s: null }]], ['id'])
  t.strictSame(same.changes, [])
  const other = { ...row, n: '049', d: '2024-01-31T00:00:01', at: '2024-01-31', b: '1', i: 7.5, s: 'x' }
  const { changes } = await compare([before, [row]], [now, [other]], ['id'])
  t.strictSame(Object.keys(changes[0].columns), ['n', 'd', 'at', 'b', 'i', 's'])
  t.strictSame(changes[0].columns.d, { old: '2024-01-31', new: '2024-01-31T00:00:01' })
})

t.test('columns may be called as anything in our own SQL is, or as nothing anywhere', async (t) => {
  const compare = await aComparison(t)
  const names = [
    'rowid',
    'h',
    'n',
    'c1',
    'c0',
    'k',
    'v',
    'r',
    's',
    't',
    'x0',
    'r0',
    'r1',
    'n0',
    'n1',
    'page',
    'found',
    '😀',
    '"',
    ';',
    'limit',
    '2024',
    '__proto__x',
  ]
  const types = Object.fromEntries(names.map((name) => [name, 'BIGINT'])) as Types
  const row = (value: number) => Object.fromEntries(names.map((name) => [name, value]))
  const changed = { ...row(2), rowid: 7 }
  for (const key of ['😀', 'k', '"']) {
    const { changes } = await compare([types, [row(3), row(2), row(1)]], [types, [row(9), row(1), changed]], [key])
    t.strictSame(changes, [
      { change: 'added', row: row(9) },
      { change: 'removed', row: row(3) },
      { change: 'changed', key: { [key]: 2 }, columns: { rowid: { old: 2, new: 7 } } },
    ])
  }
})

t.test('200 columns and many rows are compared in parts, and nothing is lost between them', async (t) => {
  const compare = await aComparison(t)
  const wide = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`c${index}`, 'BIGINT'])) as Types
  const wideRow = Object.fromEntries(Object.keys(wide).map((name, index) => [name, index]))
  t.match(await compare([wide, [wideRow]], [wide, [{ ...wideRow, c199: 0 }]], ['c0']), { counts: { changed: 1 } })
  const types = { id: 'BIGINT', v: 'BIGINT' } as const
  const rows = Array.from({ length: 120_000 }, (_, id) => ({ id, v: id % 3 }))
  const edited = rows.slice(5).map((row) => (row.id % 10_000 === 0 ? { ...row, v: -1 } : row))
  t.strictSame((await compare([types, rows], [types, edited], ['id'])).counts, { added: 0, removed: 5, changed: 11 })
  t.strictSame((await compare([types, rows], [types, edited])).counts, { added: 11, removed: 16, changed: 0 })
})

t.test('long texts of many changes are told, though not all of them are in memory together', async (t) => {
  const compare = await aComparison(t)
  const types = { id: 'BIGINT', note: 'VARCHAR' } as const
  const rows = (letter: string) => Array.from({ length: 1000 }, (_, id) => ({ id, note: letter.repeat(10_000) }))
  for (let time = 0; time < 2; time += 1) {
    const { counts, changes } = await compare([types, rows('a')], [types, rows('b')], ['id'])
    t.strictSame(counts, { added: 0, removed: 0, changed: 1000 })
    t.strictSame(
      (changes as { key: { id: number } }[]).map(({ key }) => key.id),
      rows('').map(({ id }) => id),
    )
    t.strictSame(changes.at(-1).columns.note, { old: 'a'.repeat(10_000), new: 'b'.repeat(10_000) })
  }
})
