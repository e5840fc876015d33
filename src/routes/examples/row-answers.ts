import { columnSchema } from '../../model/column-schema.ts'
import type { SnapshotContents } from '../../model/snapshot-manifest.ts'
import { SAMPLE_SPREADSHEET_ID } from '../../model/sync-request.ts'
import type { TabSchema } from '../../rows/column-schema-response.ts'
import { sqlName } from '../../rows/sql-words.ts'
import { MEDIA_TYPES } from '../media-types.ts'
import type { SnapshotList } from '../snapshot-list.ts'
import type { ExampleAnswers } from './example-answers.ts'
import { ID, NEXT_ID } from './example-ids.ts'
import { ended, file, queued, spreadsheet, tab } from './sync-answers.ts'

const row = { 'Student Name': 'Alexandra', Gender: 'Female', 'Class Level': '4. Senior' }

const { href: _, ...storedFile } = file

const manifest: SnapshotContents = {
  version: 1,
  syncId: ID,
  publishedAt: ended.finishedAt,
  spreadsheet,
  consistent: true,
  request: queued.request,
  tabs: [{ ...tab, rectangle: null, rows: 30, columns: 3, columnNames: Object.keys(row), files: [storedFile] }],
  warnings: [],
}

const text = (name: string, example: string, longest: number): TabSchema['columns'][number] => ({
  ...{ name, column: name, sql: sqlName(name) },
  ...columnSchema({ values: { text: 30 }, longest, example }, 30),
})

const columns: TabSchema = {
  syncId: ID,
  publishedAt: ended.finishedAt,
  tab,
  tables: ['Class Data', 'class_data'],
  rows: 30,
  rowsAre: 'objects',
  columns: [text('Student Name', 'Alexandra', 9), text('Gender', 'Female', 6), text('Class Level', '4. Senior', 12)],
}

const changes = {
  changes: [
    { change: 'added', row },
    {
      change: 'changed',
      key: { 'Student Name': 'Anna' },
      columns: { 'Class Level': { old: '1. Freshman', new: '2. Sophomore' } },
    },
  ],
  since: { syncId: ID, publishedAt: ended.finishedAt },
  until: { syncId: NEXT_ID, publishedAt: '2026-01-31T10:00:02.000Z' },
  key: ['Student Name'],
  columns: { added: [], removed: [] },
  counts: { added: 1, removed: 0, changed: 1 },
  duplicateKeys: { count: 0, examples: [] },
  nextCursor: null,
}

const ofSnapshot = { syncId: ID, publishedAt: ended.finishedAt }
const rowsPage = { rows: [row], nextCursor: null, count: 1, ...ofSnapshot }
const queryAnswer = {
  rows: [{ Country: 'DE', orders: 41, total: 10_233.5 }],
  columns: [
    { name: 'Country', type: 'VARCHAR' },
    { name: 'orders', type: 'BIGINT' },
    { name: 'total', type: 'DOUBLE' },
  ],
  hasMore: false,
  ...ofSnapshot,
}

const { syncId, publishedAt, consistent, tabs: heldTabs } = manifest
const snapshotList: SnapshotList = {
  spreadsheet: { id: SAMPLE_SPREADSHEET_ID, title: manifest.spreadsheet.title, url: manifest.spreadsheet.url },
  snapshots: [
    {
      ...{ syncId, publishedAt, consistent },
      tabs: heldTabs.map(({ gid, title, range, rows, columns }) => ({
        ...{ gid, title, range, rows, columns },
        formats: ['json'],
        isQueryable: true,
      })),
    },
  ],
}

export const ANSWERS: ExampleAnswers = {
  'getSpreadsheet 200': { manifest },
  'listSnapshots 200': { snapshots: snapshotList },
  'getTabChanges 200': { changes },
  'getRows 200 application/json': { page: rowsPage },
  'query 200 application/json': { answer: queryAnswer },
  'getTabSchema 200': { columns },
  'getTabSchema 200 application/schema+json': {
    jsonSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: tab.title,
      type: 'object',
      additionalProperties: false,
      properties: { 'Student Name': { type: 'string', examples: ['Alexandra'] } },
      required: ['Student Name'],
    },
  },
  'getTabSchema 200 text/plain': {
    interface:
      '/** A row of the tab "Class Data". */\nexport interface ClassDataRow {\n  /** text, such as "Alexandra" */\n  "Student Name": string\n}\n',
  },
}

/** What the bytes of a file look like, by media type. */
export const ROWS: Readonly<Record<string, unknown>> = {
  [MEDIA_TYPES.json]: [row],
  [MEDIA_TYPES.ndjson]: `${JSON.stringify(row)}\n`,
  [MEDIA_TYPES.csv]: `${Object.keys(row).join(',')}\r\n${Object.values(row).join(',')}\r\n`,
  [MEDIA_TYPES.parquet]: 'PAR1…',
}
