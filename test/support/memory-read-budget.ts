import type { Clock } from '../../src/ports/clock.ts'
import type { ReadLimits } from '../../src/sheets/read-budget-rule.ts'
import { SharedReadBudgets } from '../../src/sheets/shared-read-budgets.ts'
import { MemoryKeyValueStore } from './memory-key-value-store.ts'

/** Budgets in memory, on a clock that a test moves; a test may make them unreachable. */
export class MemoryReadBudgets extends SharedReadBudgets {
  readonly records: MemoryKeyValueStore

  constructor({ limits, clock }: { readonly limits: ReadLimits; readonly clock: Clock }) {
    const records = new MemoryKeyValueStore(clock)
    super(records, limits)
    this.records = records
  }

  set fault(fault: Error | undefined) {
    this.records.fault = fault
  }
}
