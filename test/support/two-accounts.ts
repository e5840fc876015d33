import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import type { CredentialState } from '../../src/ports/credentials.ts'
import { aDirectory, anEmulator, finished, pollUntil, startSync } from './service.ts'

export const ANN = 'ann@example.com'
export const rows = Array.from({ length: 2000 }, (_, n) => [n, `text ${n}`])
export const tabs = [0, 1, 2].map((gid) => tabFromRows(gid, `Tab ${gid}`, [['N', 'Text'], ...rows]))
export const workbooks = ['agencys', 'branchs'].map((id) => ({ id, title: id, tabs }))

/** An emulator with a spreadsheet for each of two accounts, and the folder of their keys. */
export async function twoAccounts(t: Test) {
  const emulator = await anEmulator(t, { workbooks, requireAuth: true })
  const folder = await aDirectory(t)
  for (const name of ['agency', 'branch']) {
    const key = emulator.serviceAccountKey(name, `project-${name}`)
    await writeFile(join(folder, `${name}.json`), JSON.stringify(key))
    emulator.share(`${name}s`, [key.client_email ?? ''])
  }
  const settings = { GOOGLE_CREDENTIALS: folder, GOOGLE_ACT_AS_DOMAINS: 'example.com' }
  return { emulator, folder, environment: { GOOGLE_API_ROOT_URL: emulator.rootUrl, ...settings } }
}

export const run = async (
  url: string,
  credential: string,
  spreadsheet: string,
  more: object = {},
): Promise<SyncView> => {
  const { id } = await startSync(url, { spreadsheet, credential, ...more })
  return pollUntil(url, id, finished)
}
export const listed = async (url: string) =>
  ((await (await fetch(`${url}/credentials`)).json()) as { credentials: CredentialState[] }).credentials
export const replaceKey = (emulator: Emulator, folder: string, name: string, by: string) =>
  writeFile(join(folder, `${name}.json`), JSON.stringify(emulator.serviceAccountKey(by)))
