import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { Sync } from '../../client/src/types.ts'
import { Dialog } from '../parts/dialog.ts'
import { html } from '../parts/html.ts'
import { mayWrite } from '../state/access.ts'
import { addressOf } from '../state/address.ts'
import { isActive } from '../state/listed-sync.ts'
import { go } from '../state/place.ts'
import { client } from '../state/session.ts'
import { act } from '../state/sync.ts'
import { filters, noteDeleted } from '../state/syncs.ts'

/** What can be done with a sync as it is now, by whoever may. */
export function SyncActions({ sync }: { sync: Sync }) {
  const { id, state, spreadsheet, tabs, webhook } = sync
  const isBusy = useSignal(false)
  const isAsking = useSignal(false)
  const group = useRef<HTMLDivElement>(null)
  const press = (action: () => Promise<unknown>) => async () => {
    // The button goes with the state that it was for; the focus stays beside the one that comes.
    group.current?.focus({ preventScroll: true })
    isBusy.value = true
    await action()
    isBusy.value = false
  }
  const cancel = press(() => act(() => client.value.cancel(id)))
  const retry = press(async () => {
    const started = await act(() => client.value.retry(id))
    if (started !== undefined) go({ view: 'syncs', filters: filters.peek(), sync: started.id })
  })
  const redeliver = press(() => act(() => client.value.redeliverWebhook(id)))
  const [tab] = tabs
  return html`<div class="actions" ref=${group} role="group" aria-label="Actions" tabindex="-1">
    ${
      state === 'succeeded' &&
      tab &&
      html`<a class="button" href=${addressOf({ view: 'rows', spreadsheet: spreadsheet.id, tab: `gid:${tab.gid}`, more: {} })}>Rows</a>`
    }
    ${
      mayWrite.value && [
        isActive(sync) &&
          state !== 'cancelling' &&
          html`<button type="button" disabled=${isBusy.value} onClick=${cancel}>Cancel</button>`,
        (state === 'failed' || state === 'cancelled') &&
          html`<button type="button" class="primary" disabled=${isBusy.value} onClick=${retry}>Retry</button>`,
        webhook !== null &&
          (webhook.state === 'failed' || webhook.state === 'delivered') &&
          html`<button type="button" disabled=${isBusy.value} onClick=${redeliver}>Send webhook again</button>`,
        !isActive(sync) && html`<button type="button" onClick=${() => (isAsking.value = true)}>Delete …</button>`,
      ]
    }
    ${isAsking.value && html`<${DeleteDialog} sync=${sync} onClose=${() => (isAsking.value = false)} />`}
  </div>`
}

function DeleteDialog({ sync, onClose }: { sync: Sync; onClose: () => void }) {
  const remove = async () => {
    let isDeleted = false
    await act(async () => {
      await client.value.deleteSync(sync.id)
      isDeleted = true
      return undefined
    })
    onClose()
    if (!isDeleted) return
    noteDeleted(sync.id)
    go({ view: 'syncs', filters: filters.peek() })
  }
  return html`<${Dialog} title="Delete this sync?" onClose=${onClose}>
    <p>Its status is forgotten. The rows of the spreadsheet stay.</p>
    <div class="dialog-actions">
      <button type="button" class="danger" onClick=${remove}>Delete</button>
      <button type="button" onClick=${onClose}>Keep it</button>
    </div>
  <//>`
}
