/**
 * The reads a minute of one credential, counted where every instance sees them. {@link ReadQuota} keeps order within one
 * process; this keeps the sum of all processes within what Google allows.
 */
export interface ReadBudget {
  /**
   * Takes a read for `key` if one is free now, or answers how long to wait before the next try. Keys that have read much
   * leave a reserve to the others, by the same rule as within one process.
   */
  take(key: string): Promise<BudgetAnswer>

  /** Records that Google has answered: the read is free again a minute from now; one never done after ten minutes. */
  done(read: string): Promise<void>

  /** Holds back every read of the credential, in all instances, for so many milliseconds. */
  pause(ms: number): Promise<void>
}

export type BudgetAnswer = { readonly read: string } | { readonly waitMs: number }
