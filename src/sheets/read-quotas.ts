import type { ReadAccount } from '../model/reader.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { AccountReads, ReadBudgets } from '../ports/read-budget.ts'
import { ReadQuota } from './read-quota.ts'

export interface ReadQuotasOptions {
  readonly budgets: ReadBudgets
  readonly clock: Clock
  readonly log: Log
}

/** How the reads of one account stand. */
export interface ReadUsage extends Omit<AccountReads, 'pausedMs'> {
  /** Reads that wait in this process. */
  readonly waiting: number
  /** When the next read is tried, as far as is known: while any wait here, or Google refuses those of the account or project. */
  readonly waitingUntil: Date | null
}

/** The reads a minute of every account that this process reads with. */
export class ReadQuotas {
  readonly #options: ReadQuotasOptions
  /** Those in use: somebody waits for them, or what was read with them counts. */
  readonly #inUse = new Set<ReadQuota>()
  /** All that anybody holds, so that an account never has two, whose readers would take no turns. */
  readonly #held = new Map<string, WeakRef<ReadQuota>>()

  constructor(options: ReadQuotasOptions) {
    this.#options = options
  }

  /**
   * The quota of this account, made when it is first asked for, and forgotten once none of its reads counts any more and
   * nobody holds it.
   */
  of({ name, project }: ReadAccount): ReadQuota {
    this.#forget()
    const account = { name, project }
    const known = this.#held.get(keyOf(account))?.deref()
    if (known !== undefined) return known
    const { budgets, clock, log } = this.#options
    const onTake = () => this.#inUse.add(quota)
    const quota = new ReadQuota({ account, budget: budgets.of(account), clock, log, onTake })
    this.#held.set(keyOf(account), new WeakRef(quota))
    return quota
  }

  #forget(): void {
    for (const quota of this.#inUse) if (quota.isIdle) this.#inUse.delete(quota)
    for (const [key, held] of this.#held) if (held.deref() === undefined) this.#held.delete(key)
  }

  /**
   * The accounts that have read within the last minute, wait or are paused, by project and name. Rejects while the storage
   * that counts the reads of all instances cannot be reached.
   */
  async usage(): Promise<readonly ReadUsage[]> {
    const { budgets, clock } = this.#options
    const counted = await budgets.usage()
    const now = clock.now().getTime()
    const rows = counted.map(({ pausedMs, ...row }) => {
      const quota = this.#held.get(keyOf(row))?.deref()
      const pausedUntil = pausedMs > 0 ? new Date(now + pausedMs) : null
      return { ...row, waiting: quota?.waiting ?? 0, waitingUntil: quota?.waitingUntil ?? pausedUntil }
    })
    return rows.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  }

  /** Lets nobody wait any longer for the budgets. What waits is left to its own signals. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#inUse].map((quota) => quota.close()))
  }
}

function keyOf({ name, project }: ReadAccount): string {
  return JSON.stringify([project, name])
}

/** The reads by credential. */
export function byCredential(usage: readonly ReadUsage[]) {
  return [...Map.groupBy(usage, ({ name }) => credentialOf(name))].map(([credential, rows]) => ({
    credential,
    used: rows.reduce((sum, { used }) => sum + used, 0),
    waiting: rows.reduce((sum, { waiting }) => sum + waiting, 0),
  }))
}

/** Whether an account is that of a user's own token. */
export function isOwnToken(account: string): boolean {
  return account.startsWith('token ')
}

/**
 * The credential of an account, which is what metrics tell apart: never a person, of whom there is no end. Accounts are
 * named `agency`, `agency as ann@example.com`, or `token …` where users bring their own.
 */
export function credentialOf(account: string): string {
  return isOwnToken(account) ? 'own tokens' : account.replace(/ as .*$/s, '')
}
