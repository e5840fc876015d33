import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import accepts from '@fastify/accepts'
import fastify from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { Compression } from '../../src/routes/compression.ts'
import { FileLimit } from '../../src/routes/file-limit.ts'
import { type FileResponse, sendFile } from '../../src/routes/file-response.ts'
import { addErrorResponses } from '../../src/routes/problem-details.ts'
import { RequestLogger } from '../../src/routes/request-logger.ts'
import { sha256 } from '../snapshots/manifests.ts'
import { aDirectory } from '../support/service.ts'

export const DECODERS = {
  zstd: zstdDecompressSync,
  gzip: gunzipSync,
  br: brotliDecompressSync,
  identity: (bytes: Buffer) => bytes,
} as const
export type Coding = keyof typeof DECODERS
export const CODED = ['zstd', 'gzip', 'br'] as const

export function lines(count: number): string {
  return Array.from({ length: count }, (_, n) => `{"Order":"ORD-${n}","Price":${(n * 7919) % 100_003}}\n`).join('')
}

/** A server that sends a real file of these lines; `opened` counts how often it was opened. */
export async function aServer(t: Test, text: string, changes: Partial<FileResponse> = {}) {
  const path = `${await aDirectory(t)}/rows.ndjson`
  await writeFile(path, text)
  const streams: Readable[] = []
  const file: FileResponse = {
    format: 'ndjson',
    name: 'rows.ndjson',
    bytes: Buffer.byteLength(text),
    tag: sha256(text),
    publishedAt: '2026-01-01T10:00:00.789Z',
    disposition: 'inline',
    hasRanges: true,
    open: async (range) => createReadStream(path, range),
    ...changes,
  }
  const { open } = file
  const counted: FileResponse = {
    ...file,
    open: async (range) => {
      const stream = await open(range)
      if (stream !== undefined) streams.push(stream)
      return stream
    },
  }
  const app = fastify({ forceCloseConnections: true })
  await app.register(accepts)
  addErrorResponses(app, new RequestLogger(pino({ level: 'silent' })))
  const compression = new Compression()
  const fileLimit = new FileLimit()
  app.get('/file', (request, reply) =>
    sendFile(request, reply, counted, { owner: String(request.headers['x-owner'] ?? 'one'), fileLimit, compression }),
  )
  t.teardown(() => app.close())
  return { url: `${await app.listen({ port: 0 })}/file`, streams, etag: (coding: Coding) => tagOf(file, coding) }
}

export function tagOf({ tag }: FileResponse, coding: Coding): string {
  return coding === 'identity' ? `"${tag}"` : `"${tag}-${coding}"`
}

/** An answer whose body is not decoded, as `fetch` would do, nor read yet. */
export async function open(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const outgoing = request(url, { method, headers, agent: false }).end()
  outgoing.on('error', () => {})
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { outgoing, answer, status: answer.statusCode ?? 0, headers: answer.headers }
}

export async function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const { answer, ...rest } = await open(url, headers, method)
  const raw = await buffer(answer)
  const coding = (answer.headers['content-encoding'] ?? 'identity') as Coding
  return {
    ...rest,
    coding,
    raw,
    text: rest.status === 200 && method === 'GET' ? DECODERS[coding](raw).toString() : raw.toString(),
  }
}

/** Not `once`: a stream that is cut off tells of that before it closes. */
export async function allClosed(streams: readonly Readable[]): Promise<void> {
  const closing = streams.filter((stream) => !stream.closed)
  await Promise.all(closing.map((stream) => new Promise((resolve) => stream.once('close', resolve))))
}
