import { html } from '../parts/html.ts'
import { Notice } from '../parts/notice.ts'
import { useTitle } from '../parts/title.ts'
import { isWide } from '../parts/width.ts'
import { mayWrite } from '../state/access.ts'
import type { Place } from '../state/address.ts'
import { feed, listError } from '../state/syncs.ts'
import { FilterBar } from './filter-bar.ts'
import { ListView } from './list.ts'
import { pageKeys, useKeys } from './list-keys.ts'
import { StartView } from './start.ts'
import { SyncDetail } from './sync.ts'

/** The list, and beside it the sync that is open; where there is no room for both, that alone. */
export function SyncsView({ place }: { place: Extract<Place, { view: 'syncs' }> }) {
  const { sync } = place
  useKeys(pageKeys)
  useTitle(sync === undefined ? 'Syncs' : undefined)
  const isAlone = sync !== undefined && !isWide.value
  return html`<div class="syncs" data-open=${sync !== undefined}>
    <h1 class="unseen">Syncs</h1>
    ${
      !isAlone &&
      html`<section class="list-pane" aria-label="Syncs">
        ${mayWrite.value && html`<${StartView} />`}
        ${
          feed.value === 'gone' &&
          html`<${Notice} kind="fault" title="The service does not answer" isUrgent>
            <p class="hint">It is tried again by itself; until then this is how things were.</p>
          <//>`
        }
        <${FilterBar} />
        <${ListView} open=${sync} error=${listError.value} />
      </section>`
    }
    ${sync !== undefined && html`<${SyncDetail} key=${sync} id=${sync} />`}
  </div>`
}
