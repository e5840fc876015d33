import { withTimeout } from '../concurrency/timeout.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { StateCounts } from '../ports/sync-storage.ts'
import { type Caller, mayUseCredential } from '../syncs/caller.ts'
import type { QueueCounts } from './active-syncs.ts'
import type { Instance } from './instances.ts'

/** Milliseconds after which what has not been told is left out: who looks after a storage that hangs wants to see that. */
const TIMEOUT_MS = 1500

/** Accounts that are told of; people who bring their own tokens are many. */
const MOST_BUDGETS = 500

/** Google's reads of one account. */
export interface Budget {
  readonly name: string
  readonly project: string
  readonly limit: number
  readonly used: number
  readonly waiting: number
  readonly waitingUntil: Date | null
}

export interface StatusParts {
  readonly instance: string
  readonly role: string
  readonly version: string
  readonly storageKind: string
  readonly clock: Clock
  /** Resolves when syncs can be recorded; rejects with an AppError that says why not. */
  readonly checkReady: () => Promise<void>
  readonly budgets: () => Promise<readonly Budget[]>
  /** The credential that an account of a budget reads with; `undefined`: a user's own token. */
  readonly credentialOf: (account: string) => string | undefined
  readonly queue: (caller: Caller) => Promise<QueueCounts>
  /** How many syncs are kept in each state. */
  readonly syncs: () => Promise<StateCounts>
  readonly instances: () => Promise<readonly Instance[]>
  readonly schedules: () => Promise<{ readonly active: number; readonly paused: number }>
}

/** How the service stands; `null` is what could not be told in time. */
export interface Status extends Pick<StatusParts, 'instance' | 'role' | 'version'> {
  readonly uptimeSeconds: number
  readonly budgets: readonly Budget[] | null
  readonly queue: QueueCounts | null
  readonly syncs: StateCounts | null
  readonly storage: {
    readonly kind: string
    readonly healthy: boolean
    readonly error: (Pick<AppError, 'code'> & { readonly detail: string }) | null
  }
  readonly instances: readonly Instance[] | null
  readonly schedules: { readonly active: number; readonly paused: number } | null
}

/**
 * Tells how the service stands, as a caller may know it. Who sees all is told all; others of their own syncs and of the
 * budgets that their syncs read from, and of nobody's machines.
 */
export function serviceStatus(parts: StatusParts): (caller: Caller) => Promise<Status> {
  const { instance, role, version, storageKind, clock } = parts
  const begun = clock.monotonic()
  const inTime = <T>(work: Promise<T>) => withTimeout(work, TIMEOUT_MS, 'the status', clock).catch(() => null)
  return async (caller) => {
    const [budgets, queue, syncs, error, instances, schedules] = await Promise.all([
      inTime(parts.budgets()),
      inTime(parts.queue(caller)),
      caller.seesAll ? inTime(parts.syncs()) : null,
      faultOf(withTimeout(parts.checkReady(), TIMEOUT_MS, 'the check of the storage', clock)),
      caller.seesAll ? inTime(parts.instances()) : [],
      caller.seesAll ? inTime(parts.schedules()) : null,
    ])
    return {
      ...{ instance, role, version },
      uptimeSeconds: Math.round((clock.monotonic() - begun) / 1000),
      budgets:
        budgets?.filter(({ name }) => mayKnow(caller, name, parts.credentialOf(name))).slice(0, MOST_BUDGETS) ?? null,
      queue,
      syncs,
      storage: { kind: storageKind, healthy: error === null, error },
      instances,
      schedules,
    }
  }
}

/** Whether a caller may know of an account: one whose name holds a person, only who may have credentials act for people. */
function mayKnow(caller: Caller, account: string, credential: string | undefined): boolean {
  if (caller.seesAll) return true
  const { identities = [], mayActAs = false } = caller
  if (credential === undefined) return identities.some((identity) => account.endsWith(` ${identity.slice(0, 16)}`))
  return mayUseCredential(caller, credential) && (mayActAs || account === credential)
}

async function faultOf(check: Promise<void>): Promise<Status['storage']['error']> {
  try {
    await check
    return null
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, detail: error.message }
    return { code: 'STORAGE_UNAVAILABLE', detail: 'The storage does not answer.' }
  }
}
