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
  /** Differs from every other record's; the name of its successor is made of it. */
  nonce: z.string().regex(/^[0-9a-f]{12}$/),
  answer: syncView.nullable(),
})
export type KeyRecord = z.output<typeof keyRecord>

export function parseKeyRecord(bytes: Buffer): KeyRecord {
  return keyRecord.parse(JSON.parse(bytes.toString()))
}

export function formatKeyRecord(record: KeyRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`)
}

/** Whether the key may be used anew. */
export function isFree(record: KeyRecord, now: Date): boolean {
  return record.state === 'released' || isExpired(record, now)
}

export function isExpired({ expiresAt }: KeyRecord, now: Date): boolean {
  return Date.parse(expiresAt) <= now.getTime()
}
