import type { Caller } from './access-tokens.ts'
import { ReadWindow } from './read-window.ts'
import { DEFAULT_PROJECT } from './service-accounts.ts'

/** Reads of Sheets in any 60 seconds; more are answered 429, until one of those turns a minute old. At Google: 60 and 300. */
export interface Quota {
  /** Of all callers together, refused as if it were the limit of one user. */
  readonly readsPerMinute?: number
  /** Of one account in one project. */
  readonly perUser?: number
  /** Of all accounts in one project. */
  readonly perProject?: number
}

/** A limit, as Google names it, of the project that has reached it. */
export interface ExceededLimit {
  readonly of: 'user' | 'project'
  readonly project: string
}

/** Counts remembered; the oldest is forgotten first. */
const KEPT = 1_000

/** The read quotas of every account and project. A call without a token is one of nobody, in the demo project. */
export class ReadQuotas {
  #quota: Quota
  #windows = new Map<string, ReadWindow>()

  constructor(quota: Quota = {}) {
    this.#quota = quota
  }

  /** Begins to count anew. */
  set(quota: Quota = {}): void {
    this.#quota = quota
    this.#windows = new Map()
  }

  /** Counts a read on every limit, unless it is one too many for any: that limit. */
  take(caller: Caller | undefined, now: number): ExceededLimit | undefined {
    const { email = '', project = DEFAULT_PROJECT } = caller ?? {}
    const { readsPerMinute, perUser, perProject } = this.#quota
    const limits = [
      { of: 'user', most: readsPerMinute, key: '' },
      { of: 'user', most: perUser, key: `${project} ${email}` },
      { of: 'project', most: perProject, key: project },
    ] as const
    const counted = limits.flatMap(({ of, most, key }) =>
      most === undefined ? [] : [{ of, most, window: this.#window(`${of} ${key}`) }],
    )
    const full = counted.find(({ most, window }) => window.isFull(most, now))
    if (full) return { of: full.of, project }
    for (const { most, window } of counted) window.take(most, now)
    return undefined
  }

  #window(key: string): ReadWindow {
    const window = this.#windows.get(key) ?? new ReadWindow()
    this.#windows.set(key, window)
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > KEPT && oldest !== undefined) this.#windows.delete(oldest)
    return window
  }
}
