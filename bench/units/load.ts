import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import autocannon from 'autocannon'
import pMap from 'p-map'
import type { SyncView } from '../../src/model/sync-view.ts'
import { finished, pollUntil, startSync } from '../../test/support/service.ts'

/** Polls so many times over 32 connections; with the ETag every answer is a 304. */
export async function poll(url: string, id: string, count: number, etag?: string): Promise<void> {
  const headers = etag === undefined ? {} : { 'if-none-match': etag }
  const result = await autocannon({ url: `${url}/syncs/${id}`, connections: 32, amount: count, headers })
  const wanted = etag === undefined ? result['2xx'] : (result.statusCodeStats?.['304']?.count ?? 0)
  if (wanted !== count) throw new Error(`of ${count} polls ${wanted} were answered as wanted`)
}

export async function etagOf(url: string, id: string): Promise<string> {
  return (await fetch(`${url}/syncs/${id}`)).headers.get('etag') ?? ''
}

export function create(url: string, spreadsheet: string, count: number, concurrency = 16): Promise<string[]> {
  const start = async () => (await startSync(url, { spreadsheet, ifActive: 'start' })).id
  return pMap(Array.from({ length: count }), start, { concurrency })
}

/** Resolves to the syncs once all have succeeded. */
export function ended(url: string, ids: readonly string[]): Promise<SyncView[]> {
  const end = async (id: string) => {
    const sync = await pollUntilSlowly(url, id)
    if (sync.state !== 'succeeded') throw new Error(`${id} ${sync.state}: ${JSON.stringify(sync.error)}`)
    return sync
  }
  return pMap(ids, end, { concurrency: 1 })
}

/** Few polls, so that they are none of what is measured. */
async function pollUntilSlowly(url: string, id: string): Promise<SyncView> {
  for (;;) {
    const sync = await pollUntil(url, id, () => true)
    if (finished(sync)) return sync
    await delay(300)
  }
}

/** Requests of one sync that are all held open: as event streams, or as polls that wait. */
export async function hold(url: string, id: string, count: number, kind: 'stream' | 'wait') {
  const agent = new Agent({ keepAlive: true, maxSockets: count })
  const path = kind === 'stream' ? `${url}/syncs/${id}/events` : `${url}/syncs/${id}`
  const etag = await etagOf(url, id)
  const headers = kind === 'stream' ? {} : { prefer: 'wait=25', 'if-none-match': etag }
  const requests = Array.from({ length: count }, () => get(path, { agent, headers }))
  const answers = requests.map(async (request) => ((await once(request, 'response')) as [IncomingMessage])[0].resume())
  // A stream begins at once, a poll that waits has no answer yet.
  await (kind === 'stream' ? Promise.all(answers) : delay(2000))
  return {
    /** All have ended. */
    over: Promise.all(
      answers.map(async (answer) => {
        const response = await answer
        if (!response.complete) await once(response, 'end')
      }),
    ),
    close: () => agent.destroy(),
  }
}

export async function cancel(url: string, id: string): Promise<void> {
  await fetch(`${url}/syncs/${id}/cancel`, { method: 'POST' })
}
