import { html } from '../parts/html.ts'
import { access, me, tryKey } from '../state/access.ts'
import { addressOf, type Place } from '../state/address.ts'
import { NO_FILTERS } from '../state/filters.ts'
import { place } from '../state/place.ts'
import { hasKey } from '../state/session.ts'
import { feed, listError } from '../state/syncs.ts'

const LINKS: readonly (readonly [name: string, to: Place])[] = [
  ['Syncs', { view: 'syncs', filters: NO_FILTERS }],
  ['Schedules', { view: 'schedules', more: {} }],
  ['Health', { view: 'health', more: {} }],
]

const FEEDS = {
  connecting: 'connecting',
  live: 'live',
  polling: 'every 2 s',
  gone: 'no answer, trying again',
} as const

/** The top of the page: where one is, whether it is up to date, and whose key it is. */
export function Header() {
  const { view } = place.value
  return html`<header class="bar">
    <a class="brand" href="./"><img src=${favicon()} alt="" width="20" height="20" />Sheetsync</a>
    <nav aria-label="Views">
      ${LINKS.map(
        ([name, to]) =>
          html`<a href=${addressOf(to)} aria-current=${to.view === view ? 'page' : undefined}>${name}</a>`,
      )}
    </nav>
    <div class="aside">
      ${access.value.state === 'open' && view === 'syncs' && listError.value === undefined && html`<${Feed} />`}
      ${hasKey.value && html`<${Key} />`}
      <a href="docs" target="_blank" rel="noopener">API docs</a>
    </div>
  </header>`
}

/** The document names it with the release. */
function favicon(): string {
  return document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href ?? ''
}

function Feed() {
  return html`<span class="feed" data-feed=${feed.value} role="status"><i aria-hidden="true"></i>${FEEDS[feed.value]}</span>`
}

function Key() {
  return html`<span class="key">
    <span>${me.value?.name ?? 'API key'}</span>
    <button type="button" class="quiet" onClick=${() => tryKey('')}>Forget key</button>
  </span>`
}
