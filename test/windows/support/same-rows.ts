import type { Test } from 'tap'
import { aService, finished, pollUntil, startSync } from '../../support/service.ts'

/** The formats that these tests ask for. */
export const FORMATS = ['json', 'ndjson', 'csv'] as const

/** Every tab in every format is, byte by byte, what a service on Linux answers. */
export async function sameRows(
  t: Test,
  url: string,
  rootUrl: string,
  spreadsheet: string,
  titles: readonly string[],
): Promise<void> {
  const linux = await aService(t, { GOOGLE_API_ROOT_URL: rootUrl })
  const { id } = await startSync(linux.url, { spreadsheet, formats: [...FORMATS] })
  t.match(await pollUntil(linux.url, id, finished), { state: 'succeeded' })
  for (const title of titles) {
    for (const format of FORMATS) {
      const path = `/spreadsheets/${spreadsheet}/tabs/${encodeURIComponent(title)}?format=${format}`
      const [wanted, found] = await Promise.all([linux.url, url].map((one) => fetch(`${one}${path}`)))
      t.equal(found?.status, 200, path)
      t.ok((await wanted?.text()) === (await found?.text()), `${title} as ${format}`)
    }
  }
}
