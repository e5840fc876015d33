import { ACTIVE_STATES, type SyncState } from '../../model/sync.ts'
import type { SyncQuery } from '../../ports/sync-storage.ts'
import { type Candidate, idOf, type Mismatch } from '../shared/sync-page.ts'
import type { FileHistory } from './file-history.ts'
import type { FindCandidate } from './find-candidate.ts'
import type { SyncIndex } from './sync-index.ts'

const ACTIVE: ReadonlySet<SyncState> = new Set(ACTIVE_STATES)

/**
 * All that may match the query, of status and history, newest first, each sync once. While a list goes on syncs move from
 * the one to the other, so it looks at one range of ids after the other: first at what the status names there, then at the
 * history. What was moved before the first look is in the second; what was moved later is found in the history by its id.
 */
export async function* mergeWithHistory(
  index: SyncIndex,
  history: FileHistory,
  findRecord: FindCandidate,
  query: SyncQuery,
  after: string | undefined,
): AsyncGenerator<Candidate | Mismatch> {
  // No sync of the history is active, or has a webhook that is still to be sent.
  const isOfStatusOnly = query.webhook !== undefined || query.states?.every((state) => ACTIVE.has(state)) === true
  const find = async (id: string) => {
    const record = await findRecord(id)
    return record ?? (isOfStatusOnly || index.unreadable.has(id) ? undefined : history.find(id))
  }
  let below = after
  for await (const { ids, from } of index.ranges(after, query)) {
    const old = isOfStatusOnly ? undefined : history.scan(query, { below, from })
    try {
      let next = await old?.next()
      for (const id of ids) {
        for (; next?.done === false && idOf(next.value) > id; next = await old?.next()) yield next.value
        if (next?.done === false && idOf(next.value) === id) next = await old?.next()
        const record = await find(id)
        if (record !== undefined) yield record
      }
      for (; next?.done === false; next = await old?.next()) yield next.value
    } finally {
      await old?.return(undefined)
    }
    below = from
  }
}
