import { createHash } from 'node:crypto'
import { z } from 'zod'
import { savedTarget } from './target-state.ts'
import type { Target } from './targets.ts'

/** What a draft's checkpoint says: from which version of which targets how much is written. */
export const downloadCheckpoint = z.object({
  version: z.literal(1),
  /** Drive's version when the download began; `null` where Drive does not tell. */
  driveVersion: z.string().nullable(),
  /** What the targets were, in short. */
  targets: z.string(),
  /** How often the download has begun anew because the spreadsheet was edited. */
  repeats: z.int().min(0),
  states: z.array(savedTarget),
})
export type DownloadCheckpoint = z.output<typeof downloadCheckpoint>

/** A short text that is the same for the same targets only. */
export function fingerprint(targets: readonly Target[]): string {
  return createHash('sha256').update(JSON.stringify(targets)).digest('base64url')
}
