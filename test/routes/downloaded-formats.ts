import type { Test } from 'tap'
import { syntheticTab, tabFromRows } from '../../emulator/workbook.ts'
import type { SnapshotFormat } from '../../src/model/sync-request.ts'
import { anEmulator, aService, finished, pollUntil, startSync } from '../support/service.ts'

export const ID = '1OtherForm-0123456789_abcdefghijklmnopqrst'

/** A service that has downloaded a book, once for each of these lists of formats. */
export async function aServiceWith(t: Test, ...downloads: SnapshotFormat[][]) {
  const tabs = [
    tabFromRows(0, 'Empty', [['A', 'B']]),
    tabFromRows(1, 'One', [
      ['A,\n', 'B'],
      ['x,\n', '},\n{'],
    ]),
    syntheticTab({ gid: 2, title: 'Data', rows: 3000, columns: 6, kind: 'mixed' }),
  ]
  const emulator = await anEmulator(t, { workbooks: [{ id: ID, title: 'Book', tabs }] })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, CORS_ORIGINS: 'https://pages.example' })
  const ids: string[] = []
  for (const formats of downloads) {
    const { id } = await startSync(url, { spreadsheet: ID, formats })
    t.match(await pollUntil(url, id, finished), { state: 'succeeded' })
    ids.push(id)
  }
  return { url, ids, tab: (gid: number, query = '') => `${url}/spreadsheets/${ID}/tabs/gid:${gid}${query}` }
}
