import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: { readonly code?: string; readonly hint?: string; readonly detail?: string }
}

/** Sends what `fetch` would not: any Host, any target, and the headers that a browser alone may set. The answer is JSON or nothing. */
export async function send(
  url: string,
  target: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const outgoing = request({ host: hostname, port, path: target, method, headers, agent: false }).end()
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  const { statusCode: status = 0, headers: answered } = answer
  const body = await text(answer)
  const isJson = /json/.test(answered['content-type'] ?? '') && body !== ''
  return { status, headers: answered, body: isJson ? JSON.parse(body) : {} }
}

/** Sends these very bytes and resolves to all that came back until the service closed the connection. */
export function sendBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  // Not ended: to Node a client that ends its side has gone away.
  socket.write(bytes)
  return text(socket)
}
