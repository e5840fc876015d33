import type { Clock } from '../../src/ports/clock.ts'
import { SharedReadBudget } from '../../src/sheets/shared-read-budget.ts'
import { MemoryKeyValueStore } from './memory-key-value-store.ts'

/** A budget in memory, on a clock that a test moves; a test may make it unreachable. */
export class MemoryReadBudget extends SharedReadBudget {
  readonly #records: MemoryKeyValueStore

  constructor({ readsPerMinute, clock }: { readonly readsPerMinute: number; readonly clock: Clock }) {
    const records = new MemoryKeyValueStore(clock)
    super(records, readsPerMinute)
    this.#records = records
  }

  set fault(fault: Error | undefined) {
    this.#records.fault = fault
  }
}
