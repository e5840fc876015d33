import type { Test } from 'tap'
import type { Writable } from '../../emulator/cells.ts'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { anEmulator, aService, finished, pollUntil, startSync } from '../support/service.ts'

export const ID = '1Changes-0123456789_abcdefghijklmnopqrstuvwx'

export const HEADER = ['Order', 'Item', 'Price', 'Note']
export const ROWS = [
  [1, 'Apple', 1.5, 'a'],
  [2, 'Pear', 2, null],
  [3, 'Plum', 3, 'c'],
  [4, 'Fig', 4, 'd'],
]

export type Cells = readonly (readonly Writable[])[]

export function aWorkbook(rows: Cells, header: readonly string[] = HEADER): Workbook {
  return { id: ID, title: 'Changes', tabs: [tabFromRows(0, 'Orders', [[...header], ...rows.map((row) => [...row])])] }
}

/** A service, a spreadsheet that can be edited, and questions about it. */
export async function aWorld(t: Test, rows: Cells, environment: Record<string, string> = {}, header = HEADER) {
  const emulator = await anEmulator(t, { workbooks: [aWorkbook(rows, header)] })
  const service = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, ...environment })
  const sync = async (body: Partial<SyncRequestInput> = {}): Promise<SyncView> => {
    const { id } = await startSync(service.url, { spreadsheet: ID, ifActive: 'start', ...body })
    return pollUntil(service.url, id, finished)
  }
  const edit = (edited: Cells, now: readonly string[] = header) => emulator.addWorkbook(aWorkbook(edited, now))
  const ask = async (query: Record<string, string>, init: RequestInit = {}) => {
    const url = `${service.url}/spreadsheets/${ID}/tabs/Orders/changes?${new URLSearchParams(query)}`
    const answer = await fetch(url, init)
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) }
  }
  return { emulator, ...service, sync, edit, ask }
}
