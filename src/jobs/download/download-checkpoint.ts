import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type WrittenArea, writtenArea } from '../../model/written-area.ts'
import type { Area } from '../../ports/sheet-source.ts'

/** Milliseconds for which a spreadsheet whose version is unknown is taken to be the same that it was. */
const TRUSTED_MS = 10 * 60_000

/** What a draft's checkpoint says: of which version of which areas how much is written. */
const downloadCheckpoint = z.object({
  version: z.literal(3),
  savedAt: z.iso.datetime(),
  /** The version of the spreadsheet when the download began; `null` where that is not known. */
  spreadsheetVersion: z.string().nullable(),
  /** What the areas were, in short. */
  areas: z.string(),
  /** How often the download has begun anew because the spreadsheet was edited. */
  repeats: z.int().min(0),
  written: z.array(writtenArea),
  /** The epoch that saved it; 0 where an earlier release did. */
  epoch: z.int().min(0).default(0),
  /** The sync that it is of; null where an earlier release saved it. */
  syncId: z.string().nullable().default(null),
})
export type DownloadCheckpoint = z.output<typeof downloadCheckpoint>

/**
 * Reads the checkpoint of the draft of this sync; `undefined` where there is none, or one that another release wrote. In
 * one that the sync has adopted, attempts and repeats are those of another sync, and count no more.
 */
export function readCheckpoint(value: unknown, syncId: string): DownloadCheckpoint | undefined {
  const { data } = downloadCheckpoint.safeParse(value)
  const isOwn = data === undefined || data.syncId === null || data.syncId === syncId
  return isOwn ? data : { ...data, epoch: 0, repeats: 0 }
}

/**
 * How much of each area is written, as a checkpoint says. It is discarded, and with it all that was written, when the
 * spreadsheet has another version by now, or the areas are not the same ones any more. Where the version is unknown, an
 * edit since the checkpoint would not be noticed, so one older than {@link TRUSTED_MS} is discarded, or one that the wall
 * clock says is still to come.
 */
export function resumeFrom(
  checkpoint: DownloadCheckpoint | undefined,
  version: string | undefined,
  areas: readonly Area[],
  now: Date,
): readonly WrittenArea[] | undefined {
  if (checkpoint?.spreadsheetVersion !== (version ?? null) || checkpoint.areas !== fingerprint(areas)) return undefined
  const age = now.getTime() - Date.parse(checkpoint.savedAt)
  return version !== undefined || (age >= 0 && age <= TRUSTED_MS) ? checkpoint.written : undefined
}

/** A short text that is the same for the same areas only. */
export function fingerprint(areas: readonly Area[]): string {
  return createHash('sha256').update(JSON.stringify(areas)).digest('base64url')
}
