import { signal } from '@preact/signals'
import type { Sync } from '../../client/src/types.ts'

/** How far a sync was at a moment, as far as this page has seen it. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly rows: number
  readonly calls: number
}

const MOST_SYNCS = 100
const MOST_SAMPLES = 240

const samples = new Map<string, Sample[]>()
/** Grows with each sample. */
export const sampled = signal(0)

/** Notes how far a sync is. Of syncs and of moments only so many are kept: the older of them more sparsely. */
export function sampleProgress({ id, progress, updatedAt, startedAt }: Sync): void {
  if (startedAt === null) return
  const known = samples.get(id)
  const sample = { at: Date.parse(updatedAt), rows: progress.rowsDone, calls: progress.apiCalls }
  const last = known?.at(-1)
  // Of a sync that has ended before it was seen there is nothing to draw.
  if (known === undefined && progress.phase === 'done') return
  if (last !== undefined && last.at >= sample.at) return
  const first = known ?? [{ at: Date.parse(startedAt), rows: 0, calls: 0 }]
  const all = [...first, sample]
  samples.delete(id)
  samples.set(
    id,
    all.length > MOST_SAMPLES ? all.filter((_, index) => index % 2 === 0 || index > MOST_SAMPLES / 2) : all,
  )
  for (const oldest of samples.keys()) if (samples.size > MOST_SYNCS) samples.delete(oldest)
  sampled.value += 1
}

export function samplesOf(id: string): readonly Sample[] {
  return samples.get(id) ?? []
}
