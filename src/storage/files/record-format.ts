import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { z } from 'zod'
import { ACTIVE_STATES, SYNC_STATES, type Sync } from '../../model/sync.ts'
import { corruptRecord, isNewerFormat, parseSyncRecord, toSyncRecord } from '../../model/sync-record.ts'

/**
 * Bytes above which a record is stored as gzip, under the same name (a second name could not be taken in the same step);
 * `zcat` reads it. Measured: at 210 kB (500 tabs) writing 33 kB instead pays for packing them; below, it costs time and
 * saves a few blocks.
 */
export const PACK_ABOVE_BYTES = 256 * 1024

/** The fastest level: the others save another tenth and take twice the time. */
const LEVEL = 1

const pack = promisify<Buffer, { level: number }, Buffer>(gzip)
const unpack = promisify<Buffer, Buffer>(gunzip)

/** What the file of a record holds. */
export async function formatRecord(sync: Sync, packAbove: number): Promise<Buffer> {
  const text = Buffer.from(`${JSON.stringify(toSyncRecord(sync), null, 2)}\n`)
  return text.length > packAbove ? pack(text, { level: LEVEL }) : text
}

/** Bytes of the text that the whole file of a record holds. */
export function textSize(bytes: Buffer): number {
  // RFC 1952, section 2.3.1: ISIZE, the size of what was packed, is the end of the file.
  return isPacked(bytes) ? bytes.readUInt32LE(bytes.length - 4) : bytes.length
}

/** Reads the text of a record; rejects with a SyntaxError when it was packed and is torn. */
export async function readText(bytes: Buffer): Promise<string> {
  if (!isPacked(bytes)) return bytes.toString('utf8')
  try {
    return (await unpack(bytes)).toString('utf8')
  } catch (error) {
    throw new SyntaxError('the record cannot be unpacked', { cause: error })
  }
}

function isPacked(bytes: Buffer): boolean {
  // RFC 1952, section 2.3.1: ID1 and ID2; no JSON begins so.
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** Rejects as `parseSyncRecord` throws. */
export async function parseRecord(id: string, bytes: Buffer): Promise<Sync> {
  let text: string
  try {
    text = await readText(bytes)
  } catch (error) {
    throw corruptRecord(id, error)
  }
  return parseSyncRecord(id, text)
}

const recordSummary = z.object({
  id: z.string(),
  state: z.enum(SYNC_STATES),
  spreadsheet: z.object({ id: z.string() }),
  expiresAt: z.iso.datetime().nullable(),
  createdBy: z.string().nullable().default(null),
  scheduleId: z.string().nullable().default(null),
  webhook: z.object({ state: z.string() }).nullable().default(null),
})

/** As much of a record as the index needs; every `Sync` is one. */
export type RecordSummary = z.output<typeof recordSummary>

const ACTIVE: ReadonlySet<string> = new Set(ACTIVE_STATES)

/** Where the members before the request end, and where those after its labels begin, in what `formatRecord` writes. */
const HEAD_END = Buffer.from(',\n  "request": ')
const TAIL_BEGIN = Buffer.from('\n  "webhook": ')

/**
 * The summary, if both ends of the record say it, in a third of the time that it takes to parse the whole; otherwise, as
 * where it is damaged, packed, newer or written by hand, `undefined`. No string of JSON goes on over the end of a line,
 * so what stands in front of a line and closes with one brace, and what follows one and closes with the last brace of the
 * file, are members of the record itself in any JSON, however it is laid out.
 */
export function summarizeEnds(id: string, bytes: Buffer): RecordSummary | undefined {
  const headEnd = bytes.indexOf(HEAD_END)
  const tailBegin = bytes.lastIndexOf(TAIL_BEGIN)
  // A power cut leaves zeros.
  if (headEnd < 0 || tailBegin < headEnd || bytes.includes(0)) return undefined
  try {
    const head: unknown = JSON.parse(`${bytes.toString('utf8', 0, headEnd)}}`)
    const tail: unknown = JSON.parse(`{${bytes.toString('utf8', tailBegin)}`)
    const record = { ...(head as object), ...(tail as object) }
    const { data: summary } = recordSummary.safeParse(record)
    return summary !== undefined && !isNewerFormat(record) && isSummaryOf(id, summary) ? summary : undefined
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return undefined
  }
}

/**
 * Reads the summary only, in half the time: the record is checked as a whole when somebody asks for it. Rejects with
 * `STATUS_CORRUPT` when it is damaged.
 */
export async function summarize(id: string, bytes: Buffer): Promise<RecordSummary | 'newer format'> {
  try {
    const record: unknown = JSON.parse(await readText(bytes))
    if (isNewerFormat(record)) return 'newer format'
    const summary = recordSummary.parse(record)
    if (isSummaryOf(id, summary)) return summary
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
  }
  throw corruptRecord(id)
}

function isSummaryOf(id: string, { id: own, state, expiresAt }: RecordSummary): boolean {
  return own === id && ACTIVE.has(state) === (expiresAt === null)
}
