import { signal } from '@preact/signals'
import type { ServiceStatus } from '../../client/src/types.ts'
import { client } from './session.ts'

const budgets = signal<NonNullable<ServiceStatus['budgets']>>([])
let isAsked = false

/** Reads a minute that Google allows a credential, once the service has said; `undefined` until then, and where it does not say. */
export function budgetOf(credential: string): number | undefined {
  if (!isAsked) {
    isAsked = true
    client
      .peek()
      .status()
      .then(
        (status) => (budgets.value = status.budgets ?? []),
        // The chart does without.
        () => undefined,
      )
  }
  return budgets.value.find(({ name }) => name === credential)?.limit
}
