import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parse as parseRange } from 'range-parser'
import { AppError } from '../errors.ts'
import type { SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { SnapshotFormat } from '../model/sync-request.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import type { Compression } from './compression.ts'
import { failsPrecondition, isNotModified, passesIfRange } from './conditional-requests.ts'
import { acceptableCodings, addVary, type Coding, codedETag } from './content-codings.ts'
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
  /** Names the bytes: what their strong ETag holds, without a coding. */
  readonly tag: string
  /** ISO 8601. */
  readonly publishedAt: string
  /** `attachment` has a browser save the file, `inline` show it. */
  readonly disposition: 'attachment' | 'inline'
  /** Whether a part of it can be had. */
  readonly hasRanges: boolean
  /** Opens the file; `undefined` when it is no longer there. A range is given unless the file is empty. */
  readonly open: (range?: ByteRange) => Promise<Readable | undefined>
}

/** A file of a snapshot, to be sent. */
export function fileOf(
  snapshots: Pick<SnapshotStore, 'openFile'>,
  { spreadsheet, syncId, publishedAt }: SnapshotManifest,
  { name, format, bytes, sha256: tag }: SnapshotManifest['tabs'][number]['files'][number],
  disposition: FileResponse['disposition'],
): FileResponse {
  const key = { spreadsheetId: spreadsheet.id, syncId, name }
  const open: FileResponse['open'] = (range) => snapshots.openFile(key, range)
  return { name, format, bytes, tag, publishedAt, disposition, hasRanges: true, open }
}

/** For whom a file is opened, and how many such files there may be. */
export interface Reader {
  /** As `ownerOf` names them. */
  readonly owner: string
  readonly fileLimit: FileLimit
  readonly compression: Compression
}

/**
 * Answers GET and HEAD with a file: whole, compressed as the client accepts it; one Range of it (206), which is never
 * compressed; or not at all when the client has it (304). A client that goes away closes the file.
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: FileResponse,
  { owner, fileLimit, compression }: Reader,
): Promise<FastifyReply> {
  const { headers, method } = request
  const modified = new Date(file.publishedAt).toUTCString()
  const validatorsOf = (coding: Coding) => ({ etag: codedETag(`"${file.tag}"`, coding), 'last-modified': modified })
  // Without this a cache may guess a lifetime from Last-Modified (RFC 9111, section 4.2.2) and show stale rows.
  const lastingOf = (coding: Coding) => ({ ...validatorsOf(coding), 'cache-control': 'private, no-cache' })
  addVary(reply, 'Accept-Encoding')
  // What the client has it may ask for once more, by whatever it prefers: so each coding is held against its conditions.
  const [coding, ...others] = acceptableCodings(request, file.bytes).filter(
    (acceptable) => !failsPrecondition(headers, validatorsOf(acceptable)),
  )
  if (coding === undefined) {
    throw new AppError(
      'PRECONDITION_FAILED',
      'The file is no longer the one that If-Match or If-Unmodified-Since names.',
    )
  }
  const codings: [Coding, ...Coding[]] = [coding, ...others]
  // A HEAD route of Fastify adds "Content-Length: 0" to no payload, but leaves the headers of a stream alone.
  const nothing = () => Readable.from([])
  const held = codings.find((one) => isNotModified(headers, validatorsOf(one)))
  if (held !== undefined) {
    return reply
      .code(304)
      .headers(lastingOf(held))
      .send(method === 'HEAD' ? nothing() : undefined)
  }

  const mayBePart = method === 'GET' && file.hasRanges && codings.includes('identity')
  const range =
    mayBePart && passesIfRange(headers, validatorsOf('identity')) ? rangeIn(headers.range, file.bytes) : undefined
  if (range === 'unsatisfiable') {
    // RFC 9110, section 15.5.17.
    reply.header('content-range', `bytes */${file.bytes}`)
    throw new AppError('RANGE_NOT_SATISFIABLE', `The file has ${file.bytes} bytes.`)
  }
  const part = range ?? { start: 0, end: file.bytes - 1 }
  const open = () => file.open(file.bytes === 0 ? undefined : part)
  const content = method === 'HEAD' ? nothing() : await fileLimit.open(owner, open)
  if (content === undefined) throw new AppError('FILE_NOT_FOUND', 'The file was removed just now.')
  const encoded =
    method === 'HEAD'
      ? { coding, content }
      : compression.encode(content, range === undefined ? codings : ['identity'], owner)
  if (range !== undefined) {
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.bytes}`)
  }
  // How many bytes a coding makes is only known at their end.
  if (encoded.coding === 'identity') reply.header('content-length', part.end - part.start + 1)
  else reply.header('content-encoding', encoded.coding)
  return reply
    .headers(lastingOf(encoded.coding))
    .header('accept-ranges', file.hasRanges ? 'bytes' : 'none')
    .header('content-type', contentTypeOf(file.format))
    .header('content-disposition', `${file.disposition}; filename="${file.name}"`)
    .header('x-content-type-options', 'nosniff')
    .send(encoded.content)
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
