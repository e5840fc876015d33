import { randomUUID } from 'node:crypto'
import type { BudgetAnswer } from '../ports/read-budget.ts'
import { type ReadState, readableAt } from './read-budget-rule.ts'

/** Milliseconds to wait before the next try while only reads under way can free one, and nobody knows when. */
const UNKNOWN_WAIT_MS = 1000

/** The reads that all instances together have taken, as a server keeps them. */
export interface ReadLedger<Version> {
  load(): Promise<LoadedReads<Version>>
  /** Records a read if the ledger still has this version, and resolves to whether it did. */
  record(read: string, key: string, version: Version): Promise<boolean>
}

export interface LoadedReads<Version> extends ReadState {
  readonly taken: readonly { readonly read: string; readonly key: string; readonly until: number }[]
  /** The server's clock, by which all the times are. */
  readonly now: number
  /** Changes with every read taken and every pause. */
  readonly version: Version
}

/**
 * Takes a read from a ledger by compare-and-swap, so that the rule is decided here and not in the language of a server.
 * It repeats whenever another instance was faster: that one got a read, so there are never more repeats than reads.
 */
export async function takeRead<Version>(ledger: ReadLedger<Version>, key: string): Promise<BudgetAnswer> {
  const read = randomUUID()
  for (;;) {
    const reads = await ledger.load()
    // The answer to the write was lost, and it was carried out.
    if (reads.taken.some((taken) => taken.read === read)) return { read }
    const waitMs = readableAt(reads, key, reads.now) - reads.now
    if (waitMs > 0) return { waitMs: Number.isFinite(waitMs) ? waitMs : UNKNOWN_WAIT_MS }
    if (await ledger.record(read, key, reads.version)) return { read }
  }
}
