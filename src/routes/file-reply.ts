import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import type { SnapshotFormat } from '../model/sync-request.ts'

export const CONTENT_TYPES: Readonly<Record<SnapshotFormat, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
}

export interface ByteRange {
  readonly start: number
  /** The last byte, included. */
  readonly end: number
}

export interface FileReply {
  readonly format: SnapshotFormat
  /** Of SNAPSHOT_FILE_PATTERN, so that it needs no escape in a header. */
  readonly name: string
  readonly bytes: number
  /** Hex; the strong ETag. */
  readonly sha256: string
  /** ISO 8601. */
  readonly publishedAt: string
  /** `attachment` has a browser save the file, `inline` show it. */
  readonly disposition: 'attachment' | 'inline'
  /** Opens the file; `undefined` when it is no longer there. A range is given unless the file is empty. */
  readonly open: (range?: ByteRange) => Promise<Readable | undefined>
}

/**
 * Answers GET and HEAD with a file: whole, one Range of it (206), or not at all when the client has it (304). A client
 * that goes away closes the file.
 */
export async function sendFile(request: FastifyRequest, reply: FastifyReply, file: FileReply): Promise<FastifyReply> {
  const etag = `"${file.sha256}"`
  // HTTP dates have whole seconds (RFC 9110, section 5.6.7).
  const modified = Math.floor(Date.parse(file.publishedAt) / 1000) * 1000
  const validators = {
    etag,
    'last-modified': new Date(modified).toUTCString(),
    // Without this a cache may guess a lifetime from Last-Modified (RFC 9111, section 4.2.2) and show stale rows.
    'cache-control': 'private, no-cache',
  }
  if (failsPrecondition(request, etag, modified)) {
    throw new AppError(
      'PRECONDITION_FAILED',
      'The file is no longer the one that If-Match or If-Unmodified-Since names.',
    )
  }
  // A HEAD route of Fastify adds "Content-Length: 0" to no payload, but leaves the headers of a stream alone.
  const nothing = () => (request.method === 'HEAD' ? Readable.from([]) : undefined)
  if (isFresh(request, etag, modified)) return reply.code(304).headers(validators).send(nothing())

  const range = rangeOf(request, file, etag, modified)
  if (range === 'unsatisfiable') {
    // RFC 9110, section 15.5.17.
    reply.header('content-range', `bytes */${file.bytes}`)
    throw new AppError('RANGE_NOT_SATISFIABLE', `The file has ${file.bytes} bytes.`)
  }
  const part = range ?? { start: 0, end: file.bytes - 1 }
  const content = request.method === 'HEAD' ? nothing() : await file.open(file.bytes === 0 ? undefined : part)
  if (content === undefined) throw new AppError('FILE_NOT_FOUND', 'The file was removed just now.')
  if (range !== undefined) {
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.bytes}`)
  }
  return reply
    .headers(validators)
    .header('accept-ranges', 'bytes')
    .header('content-type', CONTENT_TYPES[file.format])
    .header('content-length', part.end - part.start + 1)
    .header('content-disposition', `${file.disposition}; filename="${file.name}"`)
    .header('x-content-type-options', 'nosniff')
    .send(content)
}

/** RFC 9110, sections 13.1.1 (strong comparison) and 13.1.4, in the order of section 13.2.2. */
function failsPrecondition({ headers }: FastifyRequest, etag: string, modified: number): boolean {
  const match = headers['if-match']
  if (match !== undefined) return !tags(match).some((tag) => tag === etag || tag === '*')
  return modified > Date.parse(headers['if-unmodified-since'] ?? '')
}

/** RFC 9110, sections 13.1.2 (weak comparison; wins over the date) and 13.1.3. */
function isFresh({ headers }: FastifyRequest, etag: string, modified: number): boolean {
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined) return tags(noneMatch).some((tag) => tag.replace(/^W\//, '') === etag || tag === '*')
  return modified <= Date.parse(headers['if-modified-since'] ?? '')
}

function tags(header: string): string[] {
  return header.split(',').map((tag) => tag.trim())
}

/**
 * The range to send; `undefined` = the whole file, which RFC 9110, section 14.2, allows for anything but one valid
 * range: it is so for other methods than GET, several ranges, other units, an empty file, and an If-Range that fails.
 */
function rangeOf(
  { method, headers }: FastifyRequest,
  { bytes }: FileReply,
  etag: string,
  modified: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^\s*bytes=\s*(\d*)-(\d*)\s*$/i.exec(headers.range ?? '') ?? []
  if (method !== 'GET' || bytes === 0 || (first === '' && last === '')) return undefined
  const condition = headers['if-range']
  // Section 13.1.5: a tag must match strongly; a date exactly, and it must be old enough to be a strong validator.
  const isSame = condition === etag || (Date.parse(String(condition)) === modified && Date.now() - modified > 1000)
  if (condition !== undefined && !isSame) return undefined
  if (first === '')
    return Number(last) > 0 ? { start: Math.max(0, bytes - Number(last)), end: bytes - 1 } : 'unsatisfiable'
  if (last !== '' && Number(last) < Number(first)) return undefined
  if (Number(first) >= bytes) return 'unsatisfiable'
  return { start: Number(first), end: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) }
}
