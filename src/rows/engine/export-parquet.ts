import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { joinParquet } from './join-parquet.ts'
import { openTrusted } from './locked-database.ts'
import { PARQUET_OPTIONS } from './parquet-answer.ts'
import type { ParquetTask } from './protocol.ts'
import { VECTOR_ROWS } from './split-rows.ts'
import { literal } from './sql-text.ts'
import { isWide, partName, SPLIT_MEMORY } from './wide-tables.ts'

/** Values in a row group of a Parquet file, whose rows are gathered in memory. */
const ROW_GROUP_VALUES = 2_000_000
const MOST_ROW_GROUP_ROWS = 122_880

/** Makes a Parquet file of an imported table: where that would take too much memory, of files with some columns of some rows each. */
export async function exportParquet({ table, target, columns }: ParquetTask, memoryBytes: number): Promise<object> {
  const { connection, close } = await openTrusted(memoryBytes)
  const folder = `${target}.parts`
  try {
    await connection.run(`ATTACH ${literal(table)} AS made (READ_ONLY)`)
    const [layout = []] = (await connection.runAndReadAll('SELECT tables, rows FROM made.layout')).getRowsJson()
    const [tables = 1, rowsAtOnce = 0] = layout.map(Number)
    const names = Array.from({ length: tables }, (_, index) => (isWide(columns) ? partName(index) : 't'))
    // Rows keep their order unasked (`preserve_insertion_order`); to be sorted, all of them would have to be in memory.
    const copy = async (rows: string, path: string, groupRows: number) => {
      await connection.run(
        `COPY (SELECT * FROM ${rows}) TO ${literal(path)} (${PARQUET_OPTIONS}, ROW_GROUP_SIZE ${groupRows})`,
      )
    }
    if (tables === 1 && rowsAtOnce === 0) {
      const rows = Math.floor(ROW_GROUP_VALUES / columns)
      await copy('made.t', target, Math.max(VECTOR_ROWS, Math.min(MOST_ROW_GROUP_ROWS, rows)))
      return {}
    }
    await connection.run(`SET memory_limit = '${SPLIT_MEMORY}'`)
    mkdirSync(folder, { mode: 0o700 })
    const [[all = 0] = []] = (await connection.runAndReadAll(`SELECT count(*) FROM made.${names[0]}`)).getRowsJson()
    const step = rowsAtOnce === 0 ? Math.max(1, Number(all)) : rowsAtOnce
    const lists: string[][] = []
    for (let row = 0; row === 0 || row < Number(all); row += step) {
      const range = rowsAtOnce === 0 ? '' : ` WHERE rowid >= ${row} AND rowid < ${row + step}`
      const list: string[] = []
      for (const [index, name] of names.entries()) {
        const path = join(folder, `${lists.length}-${index}`)
        await copy(`made.${name}${range}`, path, VECTOR_ROWS)
        list.push(path)
      }
      lists.push(list)
    }
    const joined = join(folder, 'joined')
    joinParquet(lists, joined)
    renameSync(joined, target)
    return {}
  } catch (error) {
    rmSync(target, { force: true })
    throw error
  } finally {
    close()
    rmSync(folder, { force: true, recursive: true })
  }
}
