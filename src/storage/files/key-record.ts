import { z } from 'zod'
import { syncView } from '../../model/sync-view.ts'

const instant = z.iso.datetime()

/** What one file says of a key. `swept`: its sweeper is about to remove it, and nobody else may do anything with it. */
const keyRecord = z.object({
  state: z.enum(['reserved', 'done', 'released', 'swept']),
  fingerprint: z.string(),
  syncId: z.string(),
  reservedAt: instant,
  expiresAt: instant,
  /** Token of the process that wrote it, and which instance within it. */
  writer: z.string(),
  instance: z.string(),
  /** Differs from every other record's; see {@link ClaimedFile} for what hangs on it. */
  nonce: z.string().regex(/^[0-9a-f]{12}$/),
  answer: syncView.nullable(),
})
export type KeyRecord = z.output<typeof keyRecord>

/** Throws a SyntaxError or a ZodError when it is damaged. */
export function parseKeyRecord(bytes: Buffer): KeyRecord {
  return keyRecord.parse(JSON.parse(bytes.toString()))
}

export function isKeyRecord(bytes: Buffer): boolean {
  try {
    parseKeyRecord(bytes)
    return true
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return false
    throw error
  }
}

export function formatKeyRecord(record: KeyRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`)
}

export function isExpired({ expiresAt }: KeyRecord, now: Date): boolean {
  return Date.parse(expiresAt) <= now.getTime()
}
