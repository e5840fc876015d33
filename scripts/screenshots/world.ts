import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { type Emulator, startEmulator } from '../../emulator/emulator.ts'
import { syntheticTab, tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { compose } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import type { SyncView } from '../../src/model/sync-view.ts'

/** What is to be seen: a service, and an emulated Google behind it. */
export interface World {
  readonly url: string
  readonly google: Emulator
  start(body: SyncRequestInput): Promise<SyncView>
  /** Resolves once the sync is as wanted. */
  until(id: string, isWanted: (sync: SyncView) => boolean): Promise<SyncView>
  close(): Promise<void>
}

/** As long and as random as Google's, and the same each time. */
const id = (name: string) => `1${createHash('sha256').update(name).digest('base64url')}`

const ORDERS = [
  ['Order', 'Customer', 'Placed', 'Total', 'Paid'],
  ...Array.from({ length: 240 }, (_, row) => [
    1000 + row,
    ['Ada', 'Blaise', 'Chi', 'Dorothy'][row % 4] ?? '',
    `2026-11-${String((row % 28) + 1).padStart(2, '0')}`,
    Math.round(row * 37.5) / 10,
    row % 3 !== 0,
  ]),
]

/** Spreadsheets by what becomes of them. */
export const BOOKS = {
  orders: book('Orders', 'Orders 2026', [
    tabFromRows(0, 'Orders', ORDERS),
    tabFromRows(1, 'Customers', ORDERS.slice(0, 60)),
    tabFromRows(2, 'Returns', ORDERS.slice(0, 12)),
  ]),
  large: book('Large', 'Sensor readings', [
    syntheticTab({ gid: 0, title: 'Readings', rows: 400_000, columns: 10, kind: 'mixed' }),
    syntheticTab({ gid: 1, title: 'Calibration', rows: 12_000, columns: 8, kind: 'numbers' }),
    tabFromRows(2, 'Stations', ORDERS.slice(0, 40)),
  ]),
  hindered: book('Hindered', 'Quarterly forecast', [tabFromRows(0, 'Forecast', ORDERS)]),
  forbidden: book('Forbidden', 'Salaries', [tabFromRows(0, 'Salaries', ORDERS)]),
  hostile: book('Hostile', '<img src=x onerror=alert(1)> & <b>bold</b>', [
    tabFromRows(0, '</script><script>alert(2)</script>', ORDERS.slice(0, 20)),
  ]),
  warned: book('Warned', 'Headers that repeat', [tabFromRows(0, 'Twice', [['A', 'A', ''], ...ORDERS.slice(1, 30)])]),
  quick: book('Quick', 'Price list', [tabFromRows(0, 'Prices', ORDERS.slice(0, 90))]),
} as const

function book(name: string, title: string, tabs: Workbook['tabs']): Workbook {
  return { id: id(name), title, tabs }
}

/** A world of its own, which is gone with `close`. */
export async function aWorld(
  directory: string,
  settings: Readonly<Record<string, string>> = {},
  key?: string,
): Promise<World> {
  const google = await startEmulator({ workbooks: Object.values(BOOKS) })
  const config = readConfig({
    PORT: '0',
    STORAGE_URL: `file:${directory}/sync-status`,
    SNAPSHOT_URL: `file:${directory}/snapshots`,
    QUERY_CACHE_URL: `file:${directory}/query-cache`,
    GOOGLE_API_ROOT_URL: google.rootUrl,
    GOOGLE_READS_PER_MINUTE: '600',
    ...settings,
  })
  const service = await compose(config, pino({ level: 'silent' }))
  const url = await service.start()
  const headers = { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) }
  let closing: Promise<void> | undefined
  return {
    url,
    google,
    async start(body) {
      const answer = await fetch(`${url}/syncs`, { method: 'POST', headers, body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(await answer.text())
      return (await answer.json()) as SyncView
    },
    async until(syncId, isWanted) {
      for (;;) {
        const sync = (await (await fetch(`${url}/syncs/${syncId}`, { headers })).json()) as SyncView
        if (isWanted(sync)) return sync
        await delay(50)
      }
    },
    close() {
      closing ??= end()
      return closing
    },
  }
  async function end(): Promise<void> {
    await service.close()
    await google.close()
    await rm(directory, { recursive: true, force: true })
  }
}
