import type { Clock } from '../../src/ports/clock.ts'
import type { Entry, KeyValueStore, StoredValue } from '../../src/ports/key-value-store.ts'
import { IdempotencyStore } from '../../src/syncs/idempotency-store.ts'
import { systemClock } from '../../src/system-clock.ts'

/** Entries in the memory of one process, by a clock that a test may move; a test may also make it fail. */
export class MemoryKeyValueStore implements KeyValueStore {
  readonly #entries = new Map<string, { readonly version: string; readonly json: string }>()
  readonly #clock: Clock
  #writes = 0
  /** What every call rejects with, while it is set. */
  fault: Error | undefined

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  async start(): Promise<void> {}

  async get(key: string): Promise<Entry> {
    const entry = this.#find(key)
    const value: unknown = entry === undefined ? undefined : JSON.parse(entry.json)
    return { value, version: entry?.version, now: this.#clock.now().getTime(), writerIsGone: false }
  }

  async compareAndSwap(key: string, expected: string | undefined, value: StoredValue): Promise<string | undefined> {
    return this.#find(key)?.version === expected ? this.#write(key, value) : undefined
  }

  async put(key: string, value: StoredValue): Promise<void> {
    this.#find(key)
    this.#write(key, value)
  }

  async remove(key: string, expected?: string): Promise<boolean> {
    const entry = this.#find(key)
    return (expected === undefined || entry?.version === expected) && this.#entries.delete(key)
  }

  async keys(): Promise<readonly string[]> {
    if (this.fault !== undefined) throw this.fault
    return [...this.#entries.keys()].sort()
  }

  async expired(now: Date, limit: number): Promise<readonly string[]> {
    if (this.fault !== undefined) throw this.fault
    const expiries = [...this.#entries].flatMap(([key, { json }]) => {
      const { expiresAt } = JSON.parse(json) as StoredValue
      return expiresAt === undefined ? [] : [{ key, at: Date.parse(expiresAt) }]
    })
    const expired = expiries.filter(({ at }) => at <= now.getTime()).sort((one, other) => one.at - other.at)
    return expired.slice(0, limit).map(({ key }) => key)
  }

  async cleanup(now: Date): Promise<number> {
    const expired = [...this.#entries].filter(([, { json }]) => {
      const { expiresAt } = JSON.parse(json) as StoredValue
      return expiresAt !== undefined && new Date(expiresAt) <= now
    })
    for (const [key] of expired) this.#entries.delete(key)
    return expired.length
  }

  #find(key: string) {
    if (this.fault !== undefined) throw this.fault
    if (!/^[\w-]{1,200}$/.test(key)) throw new TypeError(`${key} is not a key`)
    return this.#entries.get(key)
  }

  #write(key: string, value: StoredValue): string {
    const version = String(++this.#writes)
    this.#entries.set(key, { version, json: JSON.stringify(value) })
    return version
  }
}

/** Idempotency keys where syncs live in memory too. */
export class MemoryIdempotency extends IdempotencyStore {
  constructor() {
    super(new MemoryKeyValueStore())
  }
}
