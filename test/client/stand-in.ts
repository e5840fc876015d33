import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { type SyncView, toView } from '../../src/model/sync-view.ts'
import { aQueuedSync } from '../support/syncs.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

/** A server that answers as the test says, and remembers what it was asked. It ends with the test. */
export async function aStandIn(t: Test, answer: (path: string, reply: ServerResponse, asked: Asked) => void) {
  const asked: Asked[] = []
  const server = createServer((request, reply) => {
    const question = { method: request.method ?? '', path: request.url ?? '', headers: request.headers }
    asked.push(question)
    answer(question.path, reply, question)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** A sync as it goes over the wire, in this revision; with `finishedAt` once it is done. */
export function aView(revision: number, isDone = false): SyncView {
  const finishedAt = isDone ? '2026-01-31T09:00:02.000Z' : null
  return {
    ...toView(SYNC),
    revision,
    state: isDone ? 'succeeded' : 'running',
    finishedAt,
    expiresAt: finishedAt,
    pollAfterMs: isDone ? null : 10,
  }
}

const SYNC = aQueuedSync()
export const ID = SYNC.id

export function sendJson(reply: ServerResponse, status: number, body: unknown): void {
  reply.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' })
  reply.end(JSON.stringify(body))
}
