import type { Test } from 'tap'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import { anEmulator, aService, finished, pollUntil, ROOT, startSync } from '../support/service.ts'

/** Every sample of one scrape: name with labels → value. */
export async function scrape(url: string): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/metrics`)
  if (answer.status !== 200) throw new Error(`GET /metrics answered ${answer.status}`)
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

export async function aSyncedService(t: Test) {
  const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks` })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const { id } = await startSync(url, { spreadsheet: SAMPLE_SPREADSHEET_ID, formats: ['json', 'csv'] })
  return { emulator, url, sync: await pollUntil(url, id, finished) }
}
