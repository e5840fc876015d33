import { AppError } from '../errors.ts'
import type { ActiveSync } from '../model/sync.ts'

/** Attempts in a row whose process may die without progress before the sync is ended. */
const DEATHS_BORNE = 3

/** As many, where nobody could tell whether there was progress. */
const DEATHS_BORNE_BLINDLY = 10

/** The epochs whose process died, the latest ones, as `nextOwner` claims a sync: an owner that has not given it back died. */
export function epochsDied({ owner, died, epoch }: ActiveSync['lease'], nextOwner: string): number[] {
  return (owner !== null && owner !== nextOwner ? [...died, epoch] : died).slice(-DEATHS_BORNE_BLINDLY)
}

/** Whether one more death without progress ends the sync. */
export function isLastAttempt({ state, lease }: ActiveSync): boolean {
  return state === 'running' && lease.died.length >= DEATHS_BORNE - 1
}

/**
 * Throws SYNC_POISONED when the process died in the latest attempts, one after the other, and no checkpoint was saved
 * meanwhile. `checkpointEpoch`: the attempt that saved the checkpoint of the draft, 0 when there is none, and absent before
 * the draft was opened. The draft decides, as the record may not have heard of a checkpoint that was saved just before a
 * death; should opening the draft be what kills, the record does in the end.
 */
export function refusePoisoned({ lease, progress }: ActiveSync, checkpointEpoch?: number): void {
  const deaths = lease.died.filter((epoch) => epoch > (checkpointEpoch ?? 0)).length
  if (deaths < (checkpointEpoch === undefined ? DEATHS_BORNE_BLINDLY : DEATHS_BORNE)) return
  const { phase, rowsDone, rowsTotal } = progress
  const rows = rowsTotal === null ? '' : `, ${rowsDone} of ${rowsTotal} rows`
  const detail = `The process that ran the sync died in ${deaths} attempts in a row without progress. It stood at ${phase}${rows}.`
  throw new AppError('SYNC_POISONED', detail)
}
