import type { ReadAccount } from '../model/reader.ts'

/** The account of a service that has a single credential. */
export const DEFAULT_ACCOUNT: ReadAccount = { name: 'default', project: 'default' }

/**
 * The reads a minute of one account, and of its project, counted where every instance sees them. {@link ReadQuota} keeps
 * order within one process; this keeps the sum of all processes within what Google allows, and holds all of them back once
 * Google has refused a read. The rule is the same for every budget: src/sheets/read-budget-rule.ts.
 */
export interface ReadBudget {
  /**
   * Takes a read for `key` if one is free now, or answers how long to wait before the next try. Keys that have read much
   * leave a reserve to the others, by the same rule as within one process, and accounts that have read much let others of
   * their project go first. While Google refuses reads nobody gets one, but for a single probe when the pause is over. What
   * reads in the `background` leaves a third of all reads to the others.
   */
  take(key: string, options?: { readonly background?: boolean }): Promise<BudgetAnswer>

  /**
   * Records how a read ended. It is free again a minute from now, or at once if Google has refused it; one never done
   * after ten minutes. A read that is not under way (any more) changes nothing.
   */
  done(read: string, end?: ReadEnd): Promise<void>
}

/** The budgets of all accounts. */
export interface ReadBudgets {
  /** The budget of one account. Costs nothing, and holds nothing: it may be dropped and asked for again. */
  of(account: ReadAccount): ReadBudget

  /** What is known of the accounts that have read within the last minute, wait or are paused. */
  usage(): Promise<readonly AccountReads[]>
}

export interface AccountReads extends ReadAccount {
  /** The reads a minute that it may make while no other account of its project reads, as whoever read last has them set. */
  readonly limit: number
  /** Reads that count for the limit now: under way, or done less than a minute ago. */
  readonly used: number
  /** Milliseconds until the next read is tried, while Google refuses those of the account or the project; else 0. */
  readonly pausedMs: number
}

export type BudgetAnswer = { readonly read: string } | { readonly waitMs: number }

/**
 * How a read ended: `answered` by Google with anything but a refusal for its quota (the default), `refused` for its quota
 * (429), or `unanswered`, from which nobody can tell whether Google has counted it.
 */
export type ReadEnd =
  | { readonly kind: 'answered' | 'unanswered' }
  | {
      readonly kind: 'refused'
      /** What Google asked to wait, in milliseconds, if it did. */
      readonly retryAfterMs?: number | undefined
      /** Whose limit Google says is reached; all of that pause. Default: the account's. */
      readonly limit?: QuotaLimit | undefined
    }

/** Whose reads a limit of Google's counts. */
export type QuotaLimit = 'account' | 'project'
