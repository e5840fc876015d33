import { z } from 'zod'
import { COLUMN_TYPES, VALUE_KINDS } from '../model/column-schema.ts'
import type { ManifestTab, SnapshotManifest } from '../model/snapshot-manifest.ts'
import { sqlName } from './sql-words.ts'
import { tabColumns } from './tab-columns.ts'
import { tableNames } from './table-names.ts'

const whole = z.int().min(0)
const count = Object.fromEntries([...VALUE_KINDS, 'blank'].map((kind) => [kind, whole]))

/** The answer that tells what the columns of a tab hold. */
export const tabSchema = z
  .object({
    syncId: z.string(),
    publishedAt: z.iso.datetime(),
    tab: z.object({ gid: z.number(), title: z.string(), range: z.string().nullable() }),
    tables: z.array(z.string()).describe('What SQL may call the tab: its title, and a slug that needs no quotes'),
    rows: whole,
    rowsAre: z.enum(['objects', 'arrays']).describe('arrays with headerRow 0'),
    columns: z.array(
      z.object({
        name: z.string().describe("The key in JSON rows; the column's letter where rows are arrays"),
        column: z.string().describe('The name in SQL: as `name`, with _2 where another column has it in another case'),
        sql: z.string().describe('That name as SQL is written: in double quotes where it must be, as "Order"'),
        type: z.enum(COLUMN_TYPES),
        nullable: z.boolean().describe('Whether any cell is blank'),
        counts: z
          .object(count as Record<(typeof VALUE_KINDS)[number] | 'blank', typeof whole>)
          .describe('Cells of each kind, blank ones and errors such as #REF! among them: together as many as rows'),
        example: z
          .union([z.string(), z.number(), z.boolean()])
          .nullable()
          .describe('The first value that is no error, text cut to 100 characters; null where there is none'),
        longest: whole.describe('Characters of the longest string in JSON rows, dates and errors among them'),
      }),
    ),
  })
  .meta({ id: 'TabSchema' })
export type TabSchema = z.output<typeof tabSchema>

/** What the columns of a tab of a snapshot hold. Throws SCHEMA_NOT_KEPT where they were not counted. */
export function tabSchemaOf({ syncId, publishedAt, tabs }: SnapshotManifest, tab: ManifestTab): TabSchema {
  const { gid, title, range, rows, columnNames } = tab
  return {
    syncId,
    publishedAt,
    tab: { gid, title, range },
    tables: tableNames(tabs)[tabs.indexOf(tab)] ?? [],
    rows,
    rowsAre: columnNames === null ? 'arrays' : 'objects',
    columns: tabColumns(tab).map(({ name, column, ...schema }) => ({ name, column, sql: sqlName(column), ...schema })),
  }
}
