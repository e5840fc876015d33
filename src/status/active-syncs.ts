import { ACTIVE_STATES, type Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { paginate, type SyncStorage } from '../ports/sync-storage.ts'
import { type Caller, maySee } from '../syncs/caller.ts'
import { cachedLook } from './cached-look.ts'

/** How the syncs that have not ended stand. */
export interface QueueCounts {
  /** Those that wait for their turn, interrupted ones among them. */
  readonly queued: number
  readonly running: number
  /** Of those that run: that wait for Google's quota. */
  readonly waiting: number
}

type ActiveSync = Pick<Sync, 'createdBy' | 'identity'> & {
  readonly spreadsheet: { readonly id: string }
  readonly counts: QueueCounts
}

/** Counts the syncs that have not ended, of every process that shares the storage, as a caller may see them. */
export function activeSyncs(
  storage: Pick<SyncStorage, 'list'>,
  clock: Clock,
): (caller: Caller) => Promise<QueueCounts> {
  const look = cachedLook(() => read(storage), clock)
  return async (caller) => {
    const seen = (await look()).filter((sync) => maySee(caller, sync)).map(({ counts }) => counts)
    const sum = (of: keyof QueueCounts) => seen.reduce((all, counts) => all + counts[of], 0)
    return { queued: sum('queued'), running: sum('running'), waiting: sum('waiting') }
  }
}

/** No more of each than is counted. Syncs that have not ended are few: MAX_QUEUED bounds them. */
async function read(storage: Pick<SyncStorage, 'list'>): Promise<readonly ActiveSync[]> {
  const syncs: ActiveSync[] = []
  for await (const { createdBy, identity, spreadsheet, state, progress } of paginate(storage, {
    states: ACTIVE_STATES,
  })) {
    const isRunning = state === 'running' || state === 'cancelling'
    const isWaiting = isRunning && progress.waitingUntil !== null
    const counts = { queued: isRunning ? 0 : 1, running: isRunning ? 1 : 0, waiting: isWaiting ? 1 : 0 }
    syncs.push({ createdBy, identity, spreadsheet: { id: spreadsheet.id }, counts })
  }
  return syncs
}
