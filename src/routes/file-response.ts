import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parse as parseRange } from 'range-parser'
import { AppError } from '../errors.ts'
import type { SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { SnapshotFormat } from '../model/sync-request.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import { failsPrecondition, isNotModified, passesIfRange } from './conditional-requests.ts'
import type { FileLimit } from './file-limit.ts'
import { contentTypeOf } from './media-types.ts'

export interface ByteRange {
  readonly start: number
  /** The last byte, included. */
  readonly end: number
}

export interface FileResponse {
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

/** A file of a snapshot, to be sent. */
export function fileOf(
  snapshots: Pick<SnapshotStore, 'openFile'>,
  { spreadsheet, syncId, publishedAt }: SnapshotManifest,
  file: SnapshotManifest['tabs'][number]['files'][number],
  disposition: FileResponse['disposition'],
): FileResponse {
  const key = { spreadsheetId: spreadsheet.id, syncId, name: file.name }
  return { ...file, publishedAt, disposition, open: (range) => snapshots.openFile(key, range) }
}

/** For whom a file is opened, and how many such files there may be. */
export interface Reader {
  /** As `ownerOf` names them. */
  readonly owner: string
  readonly fileLimit: FileLimit
}

/**
 * Answers GET and HEAD with a file: whole, one Range of it (206), or not at all when the client has it (304). A client
 * that goes away closes the file.
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: FileResponse,
  { owner, fileLimit }: Reader,
): Promise<FastifyReply> {
  const { headers, method } = request
  const validators = { etag: `"${file.sha256}"`, 'last-modified': new Date(file.publishedAt).toUTCString() }
  // Without this a cache may guess a lifetime from Last-Modified (RFC 9111, section 4.2.2) and show stale rows.
  const lasting = { ...validators, 'cache-control': 'private, no-cache' }
  if (failsPrecondition(headers, validators)) {
    throw new AppError(
      'PRECONDITION_FAILED',
      'The file is no longer the one that If-Match or If-Unmodified-Since names.',
    )
  }
  // A HEAD route of Fastify adds "Content-Length: 0" to no payload, but leaves the headers of a stream alone.
  const nothing = () => (method === 'HEAD' ? Readable.from([]) : undefined)
  if (isNotModified(headers, validators)) return reply.code(304).headers(lasting).send(nothing())

  const range = method === 'GET' && passesIfRange(headers, validators) ? rangeIn(headers.range, file.bytes) : undefined
  if (range === 'unsatisfiable') {
    // RFC 9110, section 15.5.17.
    reply.header('content-range', `bytes */${file.bytes}`)
    throw new AppError('RANGE_NOT_SATISFIABLE', `The file has ${file.bytes} bytes.`)
  }
  const part = range ?? { start: 0, end: file.bytes - 1 }
  const open = () => file.open(file.bytes === 0 ? undefined : part)
  const content = method === 'HEAD' ? nothing() : await fileLimit.open(owner, open)
  if (content === undefined) throw new AppError('FILE_NOT_FOUND', 'The file was removed just now.')
  if (range !== undefined) {
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.bytes}`)
  }
  return reply
    .headers(lasting)
    .header('accept-ranges', 'bytes')
    .header('content-type', contentTypeOf(file.format))
    .header('content-length', part.end - part.start + 1)
    .header('content-disposition', `${file.disposition}; filename="${file.name}"`)
    .header('x-content-type-options', 'nosniff')
    .send(content)
}

/**
 * The range to send; `undefined` = the whole file, which RFC 9110, section 14.2, allows for anything but one valid range:
 * it is so for several ranges, other units and an empty file.
 */
function rangeIn(header: string | undefined, bytes: number): ByteRange | 'unsatisfiable' | undefined {
  if (header === undefined || bytes === 0) return undefined
  const { code, type, ranges } = parseRange(bytes, header)
  const [range, ...others] = ranges
  if (type !== 'bytes' || others.length > 0) return undefined
  if (code === 0) return range
  // The library's code for ranges that are well-formed and lie outside the file.
  return code === 2 && range === undefined ? 'unsatisfiable' : undefined
}
