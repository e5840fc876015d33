/**
 * The reads a minute of one credential, counted where every instance sees them. {@link ReadQuota} keeps order within one
 * process; this keeps the sum of all processes within what Google allows, and holds all of them back once Google has
 * refused a read. The rule is the same for every budget: src/sheets/read-budget-rule.ts.
 */
export interface ReadBudget {
  /**
   * Takes a read for `key` if one is free now, or answers how long to wait before the next try. Keys that have read much
   * leave a reserve to the others, by the same rule as within one process. While Google refuses reads nobody gets one,
   * but for a single probe when the pause is over.
   */
  take(key: string): Promise<BudgetAnswer>

  /**
   * Records how a read ended. It is free again a minute from now, or at once if Google has refused it; one never done
   * after ten minutes. A read that is not under way (any more) changes nothing.
   */
  done(read: string, end?: ReadEnd): Promise<void>
}

export type BudgetAnswer = { readonly read: string } | { readonly waitMs: number }

/**
 * How a read ended: `answered` by Google with anything but a refusal for its quota (the default), `refused` for its quota
 * (429), or `unanswered`, from which nobody can tell whether Google has counted it.
 */
export type ReadEnd =
  | { readonly kind: 'answered' | 'unanswered' }
  /** `retryAfterMs`: what Google asked to wait, in milliseconds, if it did. */
  | { readonly kind: 'refused'; readonly retryAfterMs?: number | undefined }
