import { html } from '../parts/html.ts'
import { ErrorNotice, Notice } from '../parts/notice.ts'
import { counted } from '../parts/numbers.ts'
import { Ago } from '../parts/times.ts'
import { useTitle } from '../parts/title.ts'
import { addressOf, type Place } from '../state/address.ts'
import { useAsked } from '../state/asked.ts'
import { NO_FILTERS } from '../state/filters.ts'
import { type HeldSnapshot, newestTabs, tabNamed } from '../state/held-tabs.ts'
import { client } from '../state/session.ts'
import { GoneNotice } from './gone.ts'
import { RowsChanges } from './rows-changes.ts'
import { RowsDownload } from './rows-download.ts'
import { RowsSql } from './rows-sql.ts'
import { RowsTable } from './rows-table.ts'

type RowsPlace = Extract<Place, { view: 'rows' }>

/** What each way to look at rows is given. */
export interface RowsProps {
  readonly place: RowsPlace
  readonly tab: ReturnType<typeof newestTabs>[number]
  readonly snapshots: readonly HeldSnapshot[]
  /** Has the list of snapshots read anew. */
  readonly again: () => void
}

/** Milliseconds until it is asked whether there is a newer snapshot. */
const AGAIN_MS = 15_000

const WAYS = [
  ['', 'Rows', RowsTable],
  ['changes', 'Changes', RowsChanges],
  ['sql', 'SQL', RowsSql],
] as const

/** The rows of the latest snapshot of a spreadsheet. */
export function RowsView({ place }: { place: RowsPlace }) {
  const { spreadsheet } = place
  const [asked, again] = useAsked((signal) => client.peek().listSnapshots(spreadsheet, { signal }), [spreadsheet], {
    everyMs: AGAIN_MS,
  })
  const { data, error, isRetried } = asked.value
  useTitle(data?.spreadsheet.title ?? 'Rows')
  if (data === undefined) {
    if (error === undefined) return html`<p class="quiet-state" role="status">Loading …</p>`
    return isRetried
      ? html`<${GoneNotice} error=${error} />`
      : html`<section class="rows-error">
          <h1 class="unseen">Rows</h1><h2 class="unseen">What went wrong</h2>
          <${ErrorNotice} error=${error} />
          <p><a href=${addressOf(syncsOf(spreadsheet))}>Syncs of this spreadsheet</a></p>
        </section>`
  }
  const tabs = newestTabs(data.snapshots)
  const tab = tabNamed(tabs, place.tab)
  const { title } = data.spreadsheet
  const way = WAYS.find(([name]) => name === (place.more.show ?? '')) ?? WAYS[0]
  return html`<section class="rows" aria-label="Rows">
    <header class="rows-top">
      <h1 title=${title}>${title}</h1>
      <p class="muted">
        ${tab && html`<span>published <${Ago} at=${tab.snapshot.publishedAt} /></span>`}
        <a href=${addressOf(syncsOf(spreadsheet))}>its syncs</a>
        <a href=${data.spreadsheet.url} target="_blank" rel="noopener noreferrer">Google Sheets</a>
      </p>
      ${tab && html`<${RowsDownload} spreadsheet=${spreadsheet} title=${title} tab=${tab} snapshots=${data.snapshots} />`}
    </header>
    <div class="rows-bar">
      <nav class="rows-tabs" aria-label="Tabs">
        ${tabs.map(
          ({ gid, title: name, rows }) =>
            html`<a
              key=${gid}
              href=${addressOf({ view: 'rows', spreadsheet, tab: `gid:${gid}`, more: wayOnly(place) })}
              aria-current=${gid === tab?.gid ? 'page' : undefined}
              title=${`${name}, ${counted(rows, 'row')}`}
            >${name}</a>`,
        )}
      </nav>
      ${
        tab &&
        html`<nav class="rows-ways" aria-label="Ways to look at the rows">
          ${WAYS.map(
            ([name, label]) =>
              html`<a
                class="chip button"
                href=${addressOf({ ...place, tab: `gid:${tab.gid}`, more: name === '' ? {} : { show: name } })}
                aria-current=${name === way[0] ? 'page' : undefined}
              >${label}</a>`,
          )}
        </nav>`
      }
    </div>
    <h2 class="unseen">${way[1]}</h2>
    ${error && isRetried && html`<${GoneNotice} error=${error} />`}
    ${
      tab === undefined
        ? html`<${Notice} kind="note" title=${`There are no rows of a tab ${JSON.stringify(place.tab)}`}>
            <p>Choose one of the tabs above. A tab that was added or renamed since needs a new sync.</p>
          <//>`
        : html`<${way[2]} key=${`${tab.gid} ${way[0]}`} place=${place} tab=${tab} snapshots=${data.snapshots} again=${again} />`
    }
  </section>`
}

function syncsOf(spreadsheet: string): Place {
  return { view: 'syncs', filters: { ...NO_FILTERS, spreadsheet } }
}

/** Another tab is looked at in the same way; what was asked of this one's columns is not asked of that one's. */
function wayOnly({ more }: RowsPlace): RowsPlace['more'] {
  return more.show === undefined ? {} : { show: more.show }
}
