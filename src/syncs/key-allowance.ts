import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { AppError } from '../errors.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'

const HOUR_MS = 3_600_000

/** Hours of a count: a key is remembered for a day, which ends in the 25th hour. */
const HOURS = 25

/** So often the count may change before a process gives up. */
const TRIES = 50

/** How many keys were allowed in which hour since 1970, of one owner. */
const countRecord = z.object({ hours: z.record(z.string().regex(/^\d+$/), z.int().min(0)) })

/** What this process may still use of what it has added to the count in this hour. */
interface Share {
  hour: number
  left: number
  /** Milliseconds since 1970 until which nothing is to be had. */
  refusedUntil: number
}

/**
 * How many idempotency keys one owner may have remembered: new ones are counted by the hour, in one entry for each owner,
 * beside the keys. A process adds some at a time to the count and uses them one by one, so that few keys pay for it; what
 * it has not used when it ends, or when the hour does, stays counted for the day.
 */
export class KeyAllowance {
  readonly #records: KeyValueStore
  readonly #most: number
  readonly #shares = new Map<string | null, Share>()
  readonly #mutex = new KeyedMutex()

  /** `most`: how many keys of an owner may be remembered; Infinity: any number, and nothing is counted. */
  constructor(records: KeyValueStore, most: number) {
    this.#records = records
    this.#most = most
  }

  /** Allows one more key; resolves to the refusal when there are too many. */
  async take(owner: string | null, now: Date): Promise<AppError | undefined> {
    if (this.#most === Number.POSITIVE_INFINITY) return undefined
    return this.#mutex.run(owner ?? '', async () => {
      const share = this.#shareOf(owner, hourOf(now))
      if (share.left === 0 && now.getTime() >= share.refusedUntil) await this.#enlarge(share, owner, now)
      if (share.left === 0) return this.#refusal(owner, share.refusedUntil - now.getTime())
      share.left -= 1
      return undefined
    })
  }

  /** Gives back what was allowed at that time for a key that is not remembered. */
  giveBack(owner: string | null, takenAt: Date): void {
    const share = this.#shares.get(owner)
    // What was counted in another hour is none of this one's.
    if (share?.hour === hourOf(takenAt)) share.left += 1
  }

  #shareOf(owner: string | null, hour: number): Share {
    const known = this.#shares.get(owner)
    if (known?.hour === hour) return known
    const share = { hour, left: 0, refusedUntil: 0 }
    this.#shares.set(owner, share)
    return share
  }

  async #enlarge(share: Share, owner: string | null, now: Date): Promise<void> {
    const key = `count-${createHash('sha256').update(JSON.stringify(owner)).digest('hex')}`
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { version, hours } = await this.#read(key)
      const counted = Object.entries(hours).filter(([hour]) => Number(hour) > share.hour - HOURS)
      const room = this.#most - counted.reduce((sum, [, count]) => sum + count, 0)
      if (room <= 0) {
        const oldest = Math.min(...counted.map(([hour]) => Number(hour)))
        share.refusedUntil = (oldest + HOURS) * HOUR_MS
        return
      }
      const more = Math.min(room, Math.max(1, Math.floor(this.#most / 1000)))
      const next = { ...Object.fromEntries(counted), [share.hour]: (hours[share.hour] ?? 0) + more }
      const expiresAt = new Date(now.getTime() + HOURS * HOUR_MS).toISOString()
      if ((await this.#records.compareAndSwap(key, version, { hours: next, expiresAt })) !== undefined) {
        share.left = more
        return
      }
      await setImmediate()
    }
    throw new AppError('STORAGE_UNAVAILABLE', 'The count of idempotency keys is being changed by other processes.')
  }

  async #read(key: string): Promise<{ version: string | undefined; hours: Readonly<Record<string, number>> }> {
    try {
      const { value, version } = await this.#records.get(key)
      return { version, hours: version === undefined ? {} : countRecord.parse(value).hours }
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
      // A damaged count must not keep keys from being used: it begins anew.
      await this.#records.remove(key)
      return { version: undefined, hours: {} }
    }
  }

  #refusal(owner: string | null, waitMs: number): AppError {
    const whose = owner === null ? '' : ` of the API key ${owner}`
    const detail = `${this.#most} idempotency keys${whose} are remembered already.`
    return new AppError('TOO_MANY_IDEMPOTENCY_KEYS', detail, { retryAfterSeconds: Math.ceil(waitMs / 1000) })
  }
}

/** Hours since 1970. */
function hourOf(time: Date): number {
  return Math.floor(time.getTime() / HOUR_MS)
}
