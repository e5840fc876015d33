import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

/** An answer before it is sent: its body comes in pieces, made as they are needed. */
export interface Answer {
  status: number
  headers?: Record<string, string>
  body: Iterable<string>
  /** Cells the body covers. */
  cells?: number
  /** Of a token: whom it is for. */
  account?: string
}

const HEADERS = {
  'content-type': 'application/json; charset=UTF-8',
  'cache-control': 'private',
  vary: 'Origin, X-Origin, Referer',
  'x-content-type-options': 'nosniff',
  server: 'ESF',
}
/** Bytes, about, of one write. Large enough to be cheap, small enough that ten answers at once stay small. */
const PIECE = 32_768

/** A JSON answer as Google lays it out: two spaces and a newline at the end. */
export function json(status: number, body: unknown, pretty = true): Answer {
  return { status, body: [`${JSON.stringify(body, undefined, pretty ? 2 : undefined)}\n`] }
}

/** Google's page for errors of its front end, which never reach the API. */
export function htmlPage(status: number): Answer {
  const page = `<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Error ${status} (Server Error)!!1</title>
  <p><b>${status}.</b> <ins>That’s an error.</ins>
  <p>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.
`
  return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: [page] }
}

/** Joins small pieces into large ones. `beforeEnd` runs when all is rendered and the last piece is yet to go. */
function* joined(pieces: Iterable<string>, beforeEnd: () => void): Generator<string> {
  let text = ''
  for (const piece of pieces) {
    text += piece
    if (text.length < PIECE) continue
    yield text
    text = ''
  }
  beforeEnd()
  if (text !== '') yield text
}

/** Sends an answer with back-pressure: no more than a few pieces are ever in memory. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Answer,
  { gzip = false, beforeEnd = () => {} }: { gzip?: boolean; beforeEnd?: () => void } = {},
): Promise<void> {
  const zipped = gzip && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  response.writeHead(status, { ...HEADERS, ...(zipped && { 'content-encoding': 'gzip' }), ...headers })
  const pieces = Readable.from(joined(body, beforeEnd), { highWaterMark: 2 })
  if (zipped) await pipeline(pieces, createGzip({ level: 1 }), response)
  else await pipeline(pieces, response)
}

/** Sends the first bytes of an answer, never all of them, and drops the connection. */
export async function sendCut(response: ServerResponse, answer: Answer, afterBytes: number): Promise<void> {
  let text = ''
  for (const piece of answer.body) {
    text += piece
    if (text.length > afterBytes) break
  }
  const bytes = Buffer.from(text)
  response.writeHead(answer.status, { ...HEADERS, ...answer.headers })
  const part = bytes.subarray(0, Math.min(afterBytes, bytes.length - 2))
  await new Promise<void>((resolve) => {
    response.once('close', resolve)
    response.write(part, () => response.destroy())
  })
}

/** Waits, unless the client leaves or the emulator closes; then it resolves at once. */
export async function pause(response: ServerResponse, ms: number): Promise<void> {
  if (ms <= 0 || response.destroyed) return
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      response.off('close', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    response.once('close', done)
  })
}

/** The body of a request. Rejects over 1 MiB. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    chunks.push(chunk)
    size += chunk.length
    if (size > 1_048_576) throw new RangeError('the body is larger than 1 MiB')
  }
  return Buffer.concat(chunks).toString('utf8')
}
