/** What an API key may do: read syncs, start and end them, or all of it for everybody's. */
export const SCOPES = ['read', 'write', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** On whose behalf something is done with syncs. */
export interface Caller {
  /** Name of the API key; `null` where no keys are set. What is made gets it as `createdBy`. */
  readonly name: string | null
  /** Whether the syncs and snapshots of others are shown too: to `admin` keys, and to anyone where no keys are set. */
  readonly seesAll: boolean
}

/** Whoever calls a service without API keys. */
export const ANYONE: Caller = Object.freeze({ name: null, seesAll: true })

/** Whether the caller may know of something that was made under this `createdBy`. */
export function maySee(caller: Caller, { createdBy }: { readonly createdBy: string | null }): boolean {
  return caller.seesAll || createdBy === caller.name
}
