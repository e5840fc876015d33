import { randomUUID } from 'node:crypto'
import type { BudgetAnswer, ReadBudget } from '../ports/read-budget.ts'
import { type ReadState, readableAt } from './read-budget-rule.ts'

/** Milliseconds to wait before the next try while only reads under way can free one, and nobody knows when. */
const UNKNOWN_WAIT_MS = 1000

/** The reads that all instances together have taken, by the clock of the server that keeps them. */
export interface SharedReads<Version> extends ReadState {
  readonly taken: readonly { readonly read: string; readonly key: string; readonly until: number }[]
  readonly now: number
  /** Changes with every read taken and every pause. */
  readonly version: Version
}

/**
 * The reads a minute of one credential, kept on a server and taken by compare-and-swap, so that the rule is decided here
 * and not in the language of the server. The server is shared with the other drivers of this process, started and closed
 * by whoever made it.
 */
export abstract class SharedReadBudget<Version> implements ReadBudget {
  /** Reads that may have been taken, as the answer was lost: the next calls get them. */
  readonly #unconfirmed: string[] = []

  /** Tries again whenever another instance was faster: that one got a read, so there are never more tries than reads. */
  async take(key: string): Promise<BudgetAnswer> {
    const read = this.#unconfirmed.pop() ?? randomUUID()
    try {
      for (;;) {
        const reads = await this.load()
        if (reads.taken.some((taken) => taken.read === read)) return { read }
        const waitMs = readableAt(reads, key, reads.now) - reads.now
        if (waitMs > 0) return { waitMs: Number.isFinite(waitMs) ? waitMs : UNKNOWN_WAIT_MS }
        if (await this.record(read, key, reads.version)) return { read }
      }
    } catch (error) {
      this.#unconfirmed.push(read)
      throw error
    }
  }

  protected abstract load(): Promise<SharedReads<Version>>

  /** Records a read if nothing has changed since this version, and resolves to whether it did. */
  protected abstract record(read: string, key: string, version: Version): Promise<boolean>

  abstract done(read: string): Promise<void>

  abstract pause(ms: number): Promise<void>

  async close(): Promise<void> {}
}
