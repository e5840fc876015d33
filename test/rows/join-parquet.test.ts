import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import t from 'tap'
import { joinParquet } from '../../src/rows/engine/join-parquet.ts'
import { readStruct, writeStruct } from '../../src/rows/engine/thrift.ts'
import { aDirectory } from '../support/service.ts'

const PARTS = [
  ["'text ' || i AS a", 'i % 2 = 0 AS b'],
  ["TIMESTAMP '2024-01-31 13:45:00' + to_days(i) AS c", 'CASE WHEN i < 3 THEN NULL ELSE i / 2.0 END AS d'],
]

t.test(
  'files with columns side by side and rows below one another become one, that another reader reads',
  async (t) => {
    const directory = await aDirectory(t)
    const instance = await DuckDBInstance.create()
    const connection = await instance.connect()
    t.teardown(() => {
      connection.closeSync()
      instance.closeSync()
    })
    const lists: string[][] = []
    for (const [from, to] of [
      [0, 5000],
      [5000, 5010],
    ]) {
      const list = PARTS.map((_, part) => join(directory, `${from}-${part}`))
      for (const [part, path] of list.entries()) {
        await connection.run(
          `COPY (SELECT ${PARTS[part]} FROM range(${from}, ${to}) AS r(i)) TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)`,
        )
      }
      lists.push(list)
    }
    const target = join(directory, 'joined')
    joinParquet(lists, target)
    const file = await asyncBufferFromFile(target)
    const rows = await parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) } })
    t.equal(rows.length, 5010)
    t.same(rows[2], { a: 'text 2', b: true, c: new Date('2024-02-02T13:45:00Z'), d: null })
    t.match(rows.at(-1), { a: 'text 5009', b: false, d: 2504.5 })
    t.same(
      (
        await connection.runAndReadAll(`SELECT count(*), count(DISTINCT a), count(d) FROM read_parquet('${target}')`)
      ).getRowsJson(),
      [['5010', '5010', '5007']],
    )
    const bytes = await readFile(target)
    const footer = bytes.subarray(bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8), bytes.length - 8)
    for (const levels of [0, 1, 2, 3, 9])
      t.same(writeStruct(readStruct(footer, levels)), footer, `${levels} levels deep`)
    t.throws(() => readStruct(footer.subarray(0, 200), 9), RangeError)
  },
)
