import type { Clock } from '../../src/ports/clock.ts'
import { DEFAULT_ACCOUNT, type ReadBudget } from '../../src/ports/read-budget.ts'
import { LocalReadBudgets } from '../../src/sheets/local-read-budgets.ts'

/** The budget of a single account of this process. */
export function aLocalBudget(readsPerMinute: number, clock: Clock): ReadBudget {
  const limits = { account: readsPerMinute, project: readsPerMinute }
  return new LocalReadBudgets({ limits, clock }).of(DEFAULT_ACCOUNT)
}
