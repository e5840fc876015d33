import t from 'tap'
import type { ColumnType } from '../../src/model/column-schema.ts'
import { ERROR_VALUES } from '../../src/model/error-values.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import type { TabSchema } from '../../src/rows/column-schema-response.ts'
import { aServiceWithRows, SPREADSHEET, tabPath } from '../rows/demo-rows.ts'

t.test('pages go on in the snapshot that they began in, until it is gone', async (t) => {
  const { get, page, sync, client } = await aServiceWithRows(t, { formats: ['ndjson'] }, { SNAPSHOTS_KEPT: '2' })
  const begun = await page('Orders', { limit: 10 })
  const cursor = begun.nextCursor ?? ''
  const newer = await sync()
  t.equal((await page('Orders')).syncId, newer.id)
  const next = await page('Orders', { limit: 10, cursor })
  t.equal(next.syncId, begun.syncId)
  t.not(next.rows[0]?.Order, begun.rows[0]?.Order)
  await sync()
  t.match(await problem(get('Orders', { limit: 10, cursor })), {
    status: 410,
    code: 'CURSOR_GONE',
    hint: /without a cursor/,
  })
  t.equal(await client.status('DELETE', SPREADSHEET), 204)
  t.match(await problem(get('Orders', { cursor })), { status: 404, code: 'SNAPSHOT_NOT_FOUND' })
})

t.test('the rows of every tab are those of its file, but for what their columns cannot hold', async (t) => {
  const service = await aServiceWithRows(t, { formats: ['ndjson'] })
  const small = ['Orders', 'Customers', "Q1 'Targets'!", 'CRM26', 'Scratch']
  const ways: Partial<SyncRequestInput>[] = [
    {},
    { dates: 'serial', tabs: small },
    { values: 'formatted', tabs: small },
    { values: 'formula', tabs: small },
    { headerRow: 0, tabs: small },
    { formats: ['json'], tabs: small },
    { formats: ['parquet', 'ndjson'], tabs: small },
  ]
  for (const way of ways) {
    const { tabs } = way.tabs === undefined ? service.first : await service.sync({ formats: ['ndjson'], ...way })
    for (const { title } of tabs.filter(({ state }) => state === 'done')) {
      const rows: unknown[][] = []
      for (let offset = 0, isMore = true; isMore; offset += 10_000) {
        const page = await service.page(title, { limit: 10_000, offset })
        rows.push(...page.rows.map((row) => Object.values(row)))
        isMore = page.nextCursor !== null
      }
      const { columns } = await service.client.json<TabSchema>(`${tabPath(title)}/schema`)
      const held = (await service.lines(title)).map((line) =>
        Object.values(line).map((cell, index) => asHeld(cell, columns[index]?.type)),
      )
      const at = held.findIndex((row, index) => JSON.stringify(row) !== JSON.stringify(rows[index]))
      const [found, wanted] = [rows[at], held[at]].map((row) => JSON.stringify(row))
      t.equal(found, wanted, `${JSON.stringify(way)} ${title}`)
      t.equal(rows.length, held.length)
    }
  }
})

/** A cell of a file as the rows of a question have it. */
function asHeld(cell: unknown, type: ColumnType | undefined): unknown {
  if (cell === null) return null
  if (type === 'mixed') return String(cell)
  if (type === undefined || type === 'text') return cell
  if (ERROR_VALUES.some((error) => error === cell)) return null
  return type === 'datetime' && String(cell).length === '2024-01-31'.length ? `${cell}T00:00:00` : cell
}

interface Problem {
  readonly status: number
  readonly code: string
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
}

async function problem(answer: Promise<Response>): Promise<Problem> {
  return (await (await answer).json()) as Problem
}
