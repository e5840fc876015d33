import { html } from '../parts/html.ts'
import { access } from '../state/access.ts'
import type { Place } from '../state/address.ts'
import { place } from '../state/place.ts'
import { GoneView, KeyView, NotAllowedView } from './access.ts'
import { Header } from './header.ts'
import { Later } from './later.ts'
import { SyncsView } from './syncs.ts'

/** The whole page. */
export function PageView() {
  return html`
    <a class="skip" href="#main">To the content</a>
    <${Header} />
    <main id="main" tabindex="-1">${content()}</main>
  `
}

function content() {
  const { value: current } = access
  switch (current.state) {
    case 'asking':
      return html`<p class="quiet-state" role="status">Loading …</p>`
    case 'gone':
      return html`<${GoneView} error=${current.error} />`
    case 'key-needed':
      return html`<${KeyView} refused=${current.refused} />`
    case 'not-allowed':
      return html`<${NotAllowedView} error=${current.error} />`
    case 'open':
      return viewOf(place.value)
  }
}

/** The list is there from the start; every other view is loaded when it is first shown. */
function viewOf(shown: Place) {
  switch (shown.view) {
    case 'syncs':
      return html`<${SyncsView} place=${shown} />`
    case 'rows':
      return html`<${Later} key="rows" load=${async () => (await import('./rows.ts')).RowsView} place=${shown} />`
    case 'schedules':
      return html`<${Later} key="schedules" load=${async () => (await import('./schedules.ts')).SchedulesView} place=${shown} />`
    case 'health':
      return html`<${Later} key="health" load=${async () => (await import('./health.ts')).HealthView} place=${shown} />`
  }
}
