import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
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

t.test('a table of a thousand columns is asked as any other, and its Parquet holds every cell', async (t) => {
  const width = 1000
  const columns = Array.from({ length: width }, (_, index) => {
    const type = (['BIGINT', 'VARCHAR', 'DOUBLE'] as const)[index % 3] ?? 'VARCHAR'
    return column(`c${index}`, type, `c${index}`, index === 999 ? 3000 : undefined)
  })
  const rows = Array.from({ length: 3000 }, (_, row) =>
    columns.map((_, index) => {
      if (index === 999) return row === 2999 ? 'text after all' : row
      return [row, (row + index) % 7 === 0 ? null : `"t\\ ${row},${index}}]`, (row * width + index) / 7][index % 3]
    }),
  )
  const named = (row: (typeof rows)[number] = []) => Object.fromEntries(row.map((cell, index) => [`c${index}`, cell]))
  const ndjson = rows.map((row) => JSON.stringify(named(row))).join('\n')
  // As snapshots have them first.
  const arrays = [`[\n${ndjson.replaceAll('\n', ',\n')}\n]\n`, `[${ndjson.replaceAll('\n', '\n,')}\n]\n`]
  for (const [format, content] of [['ndjson', ndjson], ...arrays.map((one) => ['json', one])] as [
    'ndjson' | 'json',
    string,
  ][]) {
    const { engine, directory, ask } = await anEngine(t, { timeLimitMs: 20_000 })
    const source = join(directory, 'rows')
    await writeFile(source, `${content}\n`)
    const target = join(directory, 'table.duckdb')
    const made = await engine.importTable({ source, format, areLists: false, columns, target }, ASKING)
    t.same([made.length, made[998]?.type, made[999]?.type], [width, 'DOUBLE', 'VARCHAR'])
    const tables = [{ file: target, names: ['x'] }]
    const found = await ask('SELECT c0, c301, c998, c999 FROM x WHERE c0 >= 2998', { tables })
    t.same(
      JSON.parse(found.text).map(Object.values),
      [rows[2998], rows[2999]].map((row) => [row?.[0], row?.[301], row?.[998], String(row?.[999])]),
    )
    t.same(JSON.parse((await ask('SELECT * FROM x LIMIT 1', { tables })).text), [{ ...named(rows[0]), c999: '0' }])
    if (format === 'json') continue
    const parquet = join(directory, 'rows.parquet')
    await engine.exportParquet({ table: target, target: parquet, columns: width }, ASKING)
    t.same((await readdir(directory)).sort(), ['rows', 'rows.parquet', 'table.duckdb'])
    const { buffer, byteOffset, byteLength } = await readFile(parquet)
    const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
    t.same(
      parquetMetadata(file).row_groups.map(({ num_rows: count }) => Number(count)),
      [2048, 952],
    )
    const read = await parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) } })
    const unlike = read.filter((row, index) => {
      const cells = Object.values(row).map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell))
      return JSON.stringify(cells) !== JSON.stringify(rows[index]?.with(999, String(rows[index]?.[999])))
    })
    t.equal(read.length, 3000)
    t.equal(unlike.length, 0)
    // DuckDB reads it as well, and makes a wide table of it.
    const again = join(directory, 'again.duckdb')
    await engine.importTable(
      { source: parquet, format: 'parquet', areLists: false, columns: made, target: again },
      ASKING,
    )
    const sum = 'SELECT sum(c0)::BIGINT AS a, count(c301) AS b, max(c999) AS c FROM x'
    t.same((await ask(sum, { tables: [{ file: again, names: ['x'] }] })).text, (await ask(sum, { tables })).text)
  }
})

t.test('rows of long cells are made Parquet of, some at a time', async (t) => {
  const { engine, directory, ask } = await anEngine(t)
  const source = join(directory, 'rows')
  const long = (row: number) => `${row} `.padEnd(50_000, 'ä')
  const lines = Array.from({ length: 300 }, (_, row) => `${JSON.stringify([row, long(row)])}\n`)
  await writeFile(source, lines.join(''))
  const columns = [column('A', 'BIGINT'), column('B', 'VARCHAR')]
  const [table, parquet] = [join(directory, 'table.duckdb'), join(directory, 'rows.parquet')]
  await engine.importTable({ source, format: 'ndjson', areLists: true, columns, target: table }, ASKING)
  await engine.exportParquet({ table, target: parquet, columns: 2 }, ASKING)
  const { rows } = JSON.parse(
    `{"rows":${(await ask('SELECT A, B FROM x WHERE A = 299', { tables: [{ file: table, names: ['x'] }] })).text}}`,
  )
  t.ok(rows[0].B === long(299))
  const { buffer, byteOffset, byteLength } = await readFile(parquet)
  const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
  t.ok(parquetMetadata(file).row_groups.length > 1)
  const read = await parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) } })
  t.equal(read.filter(({ A, B }, row) => Number(A) === row && B === long(row)).length, 300)
})
