import { signal } from '@preact/signals'
import { getJson } from './session.ts'

interface Budget {
  readonly name: string
  readonly limit: number
}

const budgets = signal<readonly Budget[]>([])
let isAsked = false

/** Reads a minute that Google allows a credential, once the service has said; `undefined` until then, and where it does not say. */
export function budgetOf(credential: string): number | undefined {
  if (!isAsked) {
    isAsked = true
    getJson<{ budgets?: Budget[] }>('/status').then(
      (status) => (budgets.value = status.budgets ?? []),
      // The chart does without.
      () => undefined,
    )
  }
  return budgets.value.find(({ name }) => name === credential)?.limit
}
