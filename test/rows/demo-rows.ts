import type { Test } from 'tap'
import { SAMPLE_SPREADSHEET_ID, type SyncRequestInput } from '../../src/model/sync-request.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { ApiClient } from '../support/callers.ts'
import { anEmulator, aService, ROOT } from '../support/service.ts'

export const SPREADSHEET = `/spreadsheets/${SAMPLE_SPREADSHEET_ID}`

export function tabPath(tab: string): string {
  return `${SPREADSHEET}/tabs/${encodeURIComponent(tab)}`
}

export interface Page {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly nextCursor: string | null
  readonly count: number | null
  readonly syncId: string
}

/** A service that has downloaded the demo workbook, and how a test asks it for rows. */
export async function aServiceWithRows(
  t: Test,
  body: Partial<SyncRequestInput> = { formats: ['json', 'ndjson'] },
  environment: Readonly<Record<string, string>> = {},
) {
  const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks` })
  const service = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, ...environment })
  const client = new ApiClient(service.url)
  const sync = (more: Partial<SyncRequestInput> = body): Promise<SyncView> =>
    client.sync({ spreadsheet: SAMPLE_SPREADSHEET_ID, ...more })
  const first = await sync()
  if (first.state !== 'succeeded') throw new Error(`the sync ended as ${first.state}: ${JSON.stringify(first.error)}`)

  /** A page of rows: an object of what goes into the query, `param` as a list. */
  function get(
    tab: string,
    query: Query = {},
    headers: Record<string, string> = {},
    method = 'GET',
  ): Promise<Response> {
    return client.send(method, `${tabPath(tab)}/rows?${searchOf(query)}`, undefined, headers)
  }

  return {
    ...service,
    emulator,
    client,
    sync,
    first,
    get,
    async page(tab: string, query: Query = {}): Promise<Page> {
      return (await (await get(tab, query)).json()) as Page
    },
    /** The rows of the file of a tab, each parsed. */
    async lines(tab: string): Promise<Record<string, unknown>[]> {
      const text = await (await client.send('GET', `${tabPath(tab)}?format=ndjson`)).text()
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    },
    query: (body: unknown, headers: Record<string, string> = {}) =>
      client.send('POST', `${SPREADSHEET}/query`, body, headers),
    async select(sql: string, params: readonly unknown[] = []) {
      const answer = await client.send('POST', `${SPREADSHEET}/query`, { sql, params, limit: 10_000 })
      return (await answer.json()) as Omit<Page, 'nextCursor' | 'count'> & {
        columns: object[]
        hasMore: boolean
        publishedAt: string
      }
    },
  }
}

type Query = Readonly<Record<string, string | number | readonly string[]>>

function searchOf(query: Query): URLSearchParams {
  return new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, String(one)]),
    ),
  )
}
