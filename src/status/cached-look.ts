import type { Clock } from '../ports/clock.ts'

/** Milliseconds for which one look answers all. */
const LOOK_TTL_MS = 2000

/** What `look` resolves to, which is called again only after a while, however often this is. */
export function cachedLook<T>(look: () => Promise<T>, clock: Clock): () => Promise<T> {
  let latest: { readonly at: number; readonly found: Promise<T> } | undefined
  return () => {
    const now = clock.monotonic()
    if (latest === undefined || now - latest.at > LOOK_TTL_MS) latest = { at: now, found: look() }
    return latest.found
  }
}
