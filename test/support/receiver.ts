import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Receiver {
  readonly url: string
  readonly received: readonly Received[]
  /** Resolves once so many messages have come in all; the test's own timeout bounds the wait. */
  has(count: number): Promise<readonly Received[]>
}

/** What a receiver answers with: a status, or whatever a function does. */
export type Answer =
  | number
  | ((request: IncomingMessage, response: ServerResponse, received: Received) => void | Promise<void>)

/** A receiver of webhooks on a port of its own; it ends with the test. The last answer is given to all who come later. */
export async function aReceiver(t: Test, answers: readonly Answer[] = [204]): Promise<Receiver> {
  const received: Received[] = []
  let wake = () => {}
  const server = createServer(async (request, response) => {
    const message: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: await text(request),
    }
    received.push(message)
    const answer = answers[Math.min(received.length, answers.length) - 1] ?? 204
    if (typeof answer === 'number') response.writeHead(answer).end()
    else await answer(request, response, message)
    wake()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    async has(count) {
      while (received.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return received
    },
  }
}
