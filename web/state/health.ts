import type { Credential, ServiceStatus } from '../../client/src/types.ts'
import { client, toError } from './session.ts'

export interface Health {
  /** `undefined`: this release does not say. */
  readonly status: ServiceStatus | undefined
  readonly credentials: readonly Credential[] | undefined
}

/** Asks how the service stands. What an older release does not say is left out. */
export async function readHealth(signal: AbortSignal): Promise<Health> {
  const [status, credentials] = await Promise.all([
    unlessMissing(client.peek().status({ signal })),
    unlessMissing(client.peek().credentials({ signal })),
  ])
  return { status, credentials }
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (thrown) {
    if (toError(thrown).code === 'ROUTE_NOT_FOUND') return undefined
    throw thrown
  }
}

/** A budget with what stands beside it. */
export type Budget = NonNullable<ServiceStatus['budgets']>[number]

/** Budgets by their project, whose reads Google limits too. */
export function byProject(
  budgets: readonly Budget[],
): readonly { readonly project: string; readonly budgets: readonly Budget[] }[] {
  return [...Map.groupBy(budgets, ({ project }) => project)].map(([project, own]) => ({ project, budgets: own }))
}
