import type { SyncView } from '../../src/model/sync-view.ts'

export const ID = '1PostedTwiceByTheTests-0123456789_abcdefghijk'
export const HOUR_MS = 3_600_000

/** Posts a request that is never joined with another, so that only the key can keep a second sync from starting. */
export async function post(url: string, key: string, body: object = { spreadsheet: ID, ifActive: 'start' }) {
  const answer = await fetch(`${url}/syncs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  })
  return { status: answer.status, headers: answer.headers, sync: (await answer.json()) as SyncView }
}
