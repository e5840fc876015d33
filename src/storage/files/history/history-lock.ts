import { z } from 'zod'
import { KeyedMutex } from '../../../concurrency/keyed-mutex.ts'
import { AppError } from '../../../errors.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { KeyValueStore } from '../../../ports/key-value-store.ts'
import { ORPHAN_AGE_MS } from '../claims.ts'
import { newNonce } from '../file-names.ts'
import type { Processes } from '../processes.ts'

const KEY = 'lock'

/** Milliseconds between two looks at a lock that somebody else has. */
const PAUSE_MS = 20

/** Who has the lock: one turn of one process; nobody for null. */
const holderSchema = z.object({ turn: z.string(), process: z.string() }).nullable()
const valueSchema = z.looseObject({ holder: holderSchema })

interface LockState {
  readonly holder: z.output<typeof holderSchema>
  readonly version: string | undefined
  readonly writerIsGone: boolean
}

/** The turns of this process that have not ended. */
const turnsUnderWay = new Set<string>()

/**
 * One process at a time changes the files of the history: whoever swaps the entry of the lock has it. It is taken away from
 * a turn that is known to be over, as its process has ended or, of this process, as it failed to give it back; and, where
 * nothing can be known, from one that nobody has changed for ORPHAN_AGE_MS, which is far more than a turn takes.
 */
export class HistoryLock {
  readonly #store: KeyValueStore
  readonly #clock: Clock
  readonly #processes: Processes
  readonly #mutex = new KeyedMutex()
  #started: Promise<void> | undefined
  /** The version of the lock that was seen last, and since when it is that one. */
  #seen: { readonly version: string | undefined; readonly since: number } | undefined

  constructor(store: KeyValueStore, clock: Clock, processes: Processes) {
    this.#store = store
    this.#clock = clock
    this.#processes = processes
  }

  /** Runs the task alone; rejects with STORAGE_BUSY when others leave no turn within `patienceMs`. */
  run<T>(patienceMs: number, task: () => Promise<T>): Promise<T> {
    return this.#mutex.run('', async () => {
      await this.#start()
      const turn = newNonce()
      turnsUnderWay.add(turn)
      try {
        const version = await this.#take(turn, patienceMs)
        try {
          return await task()
        } finally {
          // Where that fails, the turn is known to be over all the same.
          await this.#store.compareAndSwap(KEY, version, { holder: null }).catch(() => undefined)
        }
      } finally {
        turnsUnderWay.delete(turn)
      }
    })
  }

  /** Whether somebody may be changing the files just now. */
  async isTaken(): Promise<boolean> {
    const { holder } = await this.#read()
    return holder !== null
  }

  async #take(turn: string, patienceMs: number): Promise<string> {
    const deadline = this.#clock.monotonic() + patienceMs
    const holder = { turn, process: this.#processes.self }
    for (;;) {
      const found = await this.#read()
      if (this.#isFree(found)) {
        const version = await this.#swap(found.version, holder)
        if (version !== undefined) return version
      }
      if (this.#clock.monotonic() >= deadline) {
        throw new AppError('STORAGE_BUSY', 'The history is being written by another process.')
      }
      await this.#clock.sleep(PAUSE_MS)
    }
  }

  async #swap(version: string | undefined, holder: z.output<typeof holderSchema>): Promise<string | undefined> {
    try {
      return await this.#store.compareAndSwap(KEY, version, { holder })
    } catch (error) {
      // Another process has claimed the entry, and is about to have it.
      if (error instanceof AppError && error.cause === undefined) return undefined
      throw error
    }
  }

  #isFree({ holder, version, writerIsGone }: LockState): boolean {
    const now = this.#clock.monotonic()
    if (this.#seen?.version !== version) this.#seen = { version, since: now }
    if (holder === null || writerIsGone) return true
    const { turn, process } = holder
    if (process === this.#processes.self) return !turnsUnderWay.has(turn)
    return !this.#processes.isOfThisBoot(process) || now - (this.#seen?.since ?? now) >= ORPHAN_AGE_MS
  }

  async #read(): Promise<LockState> {
    const { value, version, writerIsGone } = await this.#store.get(KEY)
    const { data } = valueSchema.safeParse(value)
    return { holder: data?.holder ?? null, version, writerIsGone }
  }

  async #start(): Promise<void> {
    this.#started ??= this.#store.start()
    try {
      await this.#started
    } catch (error) {
      this.#started = undefined
      throw error
    }
  }
}
