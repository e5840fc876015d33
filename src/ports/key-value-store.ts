/**
 * Small JSON values under the keys of one namespace, shared by all processes that share the storage. Methods reject with
 * `STORAGE_UNAVAILABLE` or `STORAGE_FULL` when the medium fails; a write may have been carried out all the same, which the
 * next `get` shows. An entry that is damaged is a SyntaxError, never absent. A key is made of `A-Za-z0-9_-` only; any
 * other is a TypeError before it becomes a path or a name.
 */
export interface KeyValueStore {
  start(): Promise<void>

  get(key: string): Promise<Entry>

  /**
   * Stores the value if the entry still has the version that `get` told (`undefined`: if there is none); durable when it
   * resolves. Resolves to the new version, or to `undefined` when the entry has another one.
   */
  compareAndSwap(key: string, expected: string | undefined, value: StoredValue): Promise<string | undefined>

  /**
   * Stores the value whatever is there, without waiting for a disk: for what is renewed all the time. A crash of the
   * storage may lose or damage it, and an hour without another `put` may end it. A key is either put or swapped, never both.
   */
  put(key: string, value: StoredValue): Promise<void>

  /** Removes the entry, if it still has the expected version, where one is given; resolves to whether it did. */
  remove(key: string, expected?: string): Promise<boolean>

  /** The keys of all entries that were swapped in, sorted; of those that were put it may leave some out. */
  keys(): Promise<readonly string[]>

  /**
   * The keys of entries whose value has expired at `now`, what expired earliest first, `limit` of them at the most. Removes
   * nothing: where nobody cleans up, expiry is the time at which an entry wants to be looked at. Costs next to nothing while
   * there are none. Damaged entries are left out.
   */
  expired(now: Date, limit: number): Promise<readonly string[]>

  /** Removes the entries whose value has expired, until the signal is aborted; resolves to how many. */
  cleanup(now: Date, signal?: AbortSignal): Promise<number>
}

/** An object that JSON can write. */
export interface StoredValue {
  /** ISO 8601; the entry goes with the first cleanup at or after it. Without it, it stays. */
  readonly expiresAt?: string | undefined
  readonly [name: string]: unknown
}

export interface Entry {
  /** `undefined` when there is none. */
  readonly value: unknown
  /** Differs after every write, and never comes back. `undefined` when there is no entry. */
  readonly version: string | undefined
  /** Milliseconds since 1970 by the clock of the storage, which is the same for all who share it. */
  readonly now: number
  /** True when the process that wrote it is known to have ended, as on files a process of this machine is. */
  readonly writerIsGone: boolean
}
