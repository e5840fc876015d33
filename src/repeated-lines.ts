import { rootReasonOf } from './failure-reason.ts'

/** Milliseconds in which the same is said once. */
const WINDOW_MS = 60_000

/** Kinds of lines that are remembered. */
const MOST = 1000

/**
 * Tells the lines that say again what was said within the last minute: while a server is away every task that needs it fails,
 * some of them several times a second. What the storage fails with is one and the same whichever task has met it, save for
 * requests, which somebody has seen fail; any other failure is the same when all its fields are.
 */
export class RepeatedLines {
  readonly #now: () => number
  readonly #said = new Map<string, { readonly until: number; withheld: number }>()

  /** `now`: milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** How many lines like this one were withheld since the last that was written; `undefined` if this one is to be withheld. */
  admit(fields: object, message: string | undefined): number | undefined {
    const { err, ...rest } = fields as { readonly err?: unknown }
    // What does not report an error tells of an event, such as the end of a sync.
    if (!(err instanceof Error)) return 0
    const code = 'code' in err ? String(err.code) : err.message
    const about = 'req' in rest ? message : rootReasonOf(err)
    const key = JSON.stringify(code.startsWith('STORAGE_') ? [about, code] : [message, code, rest])
    const before = this.#said.get(key)
    const now = this.#now()
    if (before !== undefined && now < before.until) {
      before.withheld++
      return undefined
    }
    this.#said.delete(key)
    if (this.#said.size >= MOST) this.#said.delete(this.#said.keys().next().value as string)
    this.#said.set(key, { until: now + WINDOW_MS, withheld: 0 })
    return before?.withheld ?? 0
  }
}
