import { setTimeout as delay } from 'node:timers/promises'
import type { SyncView } from '../../../src/model/sync-view.ts'

/** What the clients of a cluster have seen. */
export interface Seen {
  /** How often each status was answered, as `GET 200`. */
  readonly statuses: Map<string, number>
  /** The longest that any answer took, in milliseconds. */
  slowest: number
  /** Answers that no client should ever get. */
  readonly wrong: string[]
}

export function nothingSeen(): Seen {
  return { statuses: new Map(), slowest: 0, wrong: [] }
}

/** Posts until it is accepted, as a client that was told 503 does. */
export async function postUntilAccepted(seen: Seen, url: string, body: object): Promise<SyncView> {
  for (;;) {
    const answer = await ask(seen, 'POST', `${url}/syncs`, body)
    if (answer.status === 202) return (await answer.json()) as SyncView
    await told503(seen, answer, 'POST /syncs')
  }
}

/** Polls until the sync has ended; a 503 is asked again, and nothing else but 200 is right. */
export async function pollUntilEnded(seen: Seen, url: string, id: string, everyMs: number): Promise<SyncView> {
  let revision = 0
  for (;;) {
    const answer = await ask(seen, 'GET', `${url}/syncs/${id}`)
    if (answer.status === 200) {
      const sync = (await answer.json()) as SyncView
      if (sync.revision < revision) seen.wrong.push(`${id} went back from revision ${revision} to ${sync.revision}`)
      revision = sync.revision
      if (sync.finishedAt !== null) return sync
      await delay(everyMs)
    } else {
      await told503(seen, answer, `GET ${id}`)
    }
  }
}

export async function text(seen: Seen, url: string): Promise<string> {
  for (;;) {
    const answer = await ask(seen, 'GET', url)
    if (answer.status === 200) return answer.text()
    await told503(seen, answer, `GET ${url}`)
  }
}

async function ask(seen: Seen, method: string, url: string, body?: object): Promise<Response> {
  const before = performance.now()
  const answer = await fetch(url, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  seen.slowest = Math.max(seen.slowest, performance.now() - before)
  const key = `${method} ${answer.status}`
  seen.statuses.set(key, (seen.statuses.get(key) ?? 0) + 1)
  return answer
}

async function told503(seen: Seen, answer: Response, what: string): Promise<void> {
  const problem = await answer.text()
  if (answer.status !== 503) {
    seen.wrong.push(`${what} answered ${answer.status}: ${problem}`)
    throw new Error(`${what} answered ${answer.status}: ${problem}`)
  }
  await delay(500)
}
