import type { Sample } from './samples.ts'

/** Milliseconds over which a rate is taken: less shows nothing but the pauses between two calls. */
const SPAN_MS = 5000

/** Calls a minute at each sample, over the seconds before it. */
export function callsPerMinute(samples: readonly Sample[]): [at: number, calls: number][] {
  let from = 0
  return samples.slice(1).map((sample, index) => {
    while (from < index && sample.at - (samples[from + 1]?.at ?? sample.at) >= SPAN_MS) from += 1
    const { at, calls } = samples[from] ?? sample
    const minutes = Math.max(1000, sample.at - at) / 60_000
    return [sample.at, Math.max(0, sample.calls - calls) / minutes]
  })
}
