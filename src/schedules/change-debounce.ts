/** A change that waits until no other follows, as it is stored. Times are ISO 8601, by the clock of whoever noticed it. */
export interface PendingChange {
  /** When the latest change was noticed. */
  readonly at: string
  /** When the first of those was that have not been acted upon. */
  readonly firstAt: string
  /** Drive's version as of the latest; `null` where the file cannot be seen. */
  readonly version: string | null
}

export interface DebounceLimits {
  /** Milliseconds without another change after which a change is acted upon. */
  readonly quietMs: number
  /** Milliseconds after the first change at which it is acted upon at the latest. */
  readonly waitMaxMs: number
}

/** What waits once another change was noticed. */
export function addChange(
  pending: PendingChange | null,
  { at, version }: { readonly at: Date; readonly version: string | null },
): PendingChange {
  const text = at.toISOString()
  return { at: text, firstAt: pending?.firstAt ?? text, version }
}

/** When a change is to be acted upon: after a pause in the changes, or when the first has waited for long enough. */
export function debounceEnd(
  { at, firstAt }: Pick<PendingChange, 'at' | 'firstAt'>,
  { quietMs, waitMaxMs }: DebounceLimits,
): Date {
  return new Date(Math.min(Date.parse(at) + quietMs, Date.parse(firstAt) + waitMaxMs))
}
