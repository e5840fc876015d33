import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ImportTask, TableColumn, TableType } from '../../../src/rows/engine/protocol.ts'
import { ASKING, anEngine } from './an-engine.ts'

const column = (name: string, type: TableType, column = name, values?: number): TableColumn => ({
  name,
  column,
  type,
  values,
})

/** The rows of a table made of a file with this content. */
async function imported(
  t: Test,
  content: string,
  task: Pick<ImportTask, 'format' | 'areLists' | 'columns'>,
): Promise<{ rows: unknown; columns: readonly TableColumn[] }> {
  const { engine, directory, ask } = await anEngine(t)
  const source = join(directory, 'rows')
  await writeFile(source, content)
  const target = join(directory, 'table.duckdb')
  const columns = await engine.importTable({ ...task, source, target }, ASKING)
  const answer = await ask('SELECT * FROM x', { tables: [{ file: target, names: ['x'] }] })
  return { rows: JSON.parse(answer.text), columns }
}

t.test('rows keep their order and their values, whatever they were written as', async (t) => {
  const columns = [column('n', 'BIGINT'), column('d', 'DATE'), column('at', 'TIMESTAMP'), column('t', 'VARCHAR')]
  const rows = [
    { n: 3, d: '2020-01-31', at: '2020-01-31T10:00:00.5', t: 'ä"\n' },
    { n: null, d: null, at: null, t: null },
    { n: -1, d: '1899-12-30', at: '2020-01-31T00:00:00', t: '' },
  ]
  const lines = rows.map((row) => JSON.stringify(row))
  const ndjson = await imported(t, `${lines.join('\n')}\n`, { format: 'ndjson', areLists: false, columns })
  t.same(ndjson.rows, rows)
  const json = await imported(t, `[${lines.join('\n,')}\n]\n`, { format: 'json', areLists: false, columns })
  t.same(json.rows, rows)
  const lists = rows.map((row) => JSON.stringify(Object.values(row)))
  const arrays = await imported(t, `[${lists.join('\n,')}\n]\n`, { format: 'json', areLists: true, columns })
  t.same(arrays.rows, rows)
  const arrayLines = await imported(t, `${lists.join('\n')}\n`, { format: 'ndjson', areLists: true, columns })
  t.same(arrayLines.rows, rows)
})

t.test('columns that are equal but for their case, or odd, are read each for itself', async (t) => {
  const columns = [
    column('name', 'VARCHAR'),
    column('Name', 'VARCHAR', 'Name_2'),
    column('a/b~c"', 'BIGINT'),
    column('nul\0', 'BIGINT', 'nul\ufffd'),
  ]
  const content = `${JSON.stringify({ name: 'a', Name: 'b', 'a/b~c"': 1, 'nul\0': 2 })}\n`
  const { rows } = await imported(t, content, { format: 'ndjson', areLists: false, columns })
  t.same(rows, [{ name: 'a', Name_2: 'b', 'a/b~c"': 1, 'nul\ufffd': 2 }])
})

t.test('a column that would lose a value becomes text, an error among numbers becomes blank', async (t) => {
  const content = '{"a":1,"b":2}\n{"a":"x","b":"#REF!"}\n'
  const columns = [column('a', 'BIGINT', 'a', 2), column('b', 'BIGINT', 'b', 1)]
  const made = await imported(t, content, { format: 'ndjson', areLists: false, columns })
  t.same(
    made.columns.map(({ type }) => type),
    ['VARCHAR', 'BIGINT'],
  )
  t.same(made.rows, [
    { a: '1', b: 2 },
    { a: 'x', b: null },
  ])
})

t.test('no rows make an empty table', async (t) => {
  const columns = [column('A', 'VARCHAR')]
  t.same((await imported(t, '', { format: 'ndjson', areLists: false, columns })).rows, [])
  t.same((await imported(t, '[]\n', { format: 'json', areLists: false, columns })).rows, [])
})
