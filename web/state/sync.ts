import { signal } from '@preact/signals'
import type { SheetsyncError } from 'sheetsync-client'
import type { Sync } from '../../client/src/types.ts'
import { noteRefusal } from './access.ts'
import { sampleProgress } from './samples.ts'
import { client, toError } from './session.ts'
import { latestOf, noteSync } from './syncs.ts'

export type OpenSync =
  | { readonly is: 'loading' }
  | { readonly is: 'shown'; readonly sync: Sync }
  /** It was deleted or forgotten, or never was. */
  | { readonly is: 'missing'; readonly error: SheetsyncError }
  | { readonly is: 'failed'; readonly error: SheetsyncError }

/** Follows a sync to its end, through restarts of the service. What it returns stops that. */
export function followSync(id: string, show: (sync: OpenSync) => void): () => void {
  const controller = new AbortController()
  const { signal: ended } = controller
  const onProgress = (sync: Sync) => {
    sampleProgress(sync)
    show({ is: 'shown', sync })
  }
  client
    .peek()
    .waitForSync(id, { onProgress, signal: ended })
    .catch((thrown) => {
      if (ended.aborted || noteRefusal(thrown)) return
      const error = toError(thrown)
      show({ is: error.status === 404 || error.status === 410 ? 'missing' : 'failed', error })
    })
  // What becomes of one that has ended, as of its webhook, the list's stream tells.
  const stop = latestOf.subscribe((sync) => {
    if (sync?.id === id && sync.finishedAt !== null) show({ is: 'shown', sync })
  })
  return () => {
    controller.abort()
    stop()
  }
}

/** Why the latest action failed; it is shown until the next one. */
export const actionError = signal<SheetsyncError | undefined>(undefined)

/** Does something to a sync, and shows what came of it. Resolves to the sync that is answered; `undefined` where it failed. */
export async function act(action: () => Promise<Sync | undefined>): Promise<Sync | undefined> {
  actionError.value = undefined
  try {
    const sync = await action()
    if (sync !== undefined) noteSync(sync)
    return sync
  } catch (thrown) {
    if (!noteRefusal(thrown)) actionError.value = toError(thrown)
    return undefined
  }
}
