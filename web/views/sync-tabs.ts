import { useSignal } from '@preact/signals'
import type { SheetsyncError } from 'sheetsync-client'
import type { Sync, TabSchema } from '../../client/src/types.ts'
import { Bar } from '../parts/bar.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { bytes, count } from '../parts/numbers.ts'
import { StateMark } from '../parts/state-mark.ts'
import { changeWords } from '../parts/words.ts'
import { addressOf } from '../state/address.ts'
import { client, download, toError } from '../state/session.ts'

type Tab = Sync['tabs'][number]

/** Tabs that are shown before somebody asks for all. */
const SHOWN_AT_FIRST = 50

/** The tabs of a sync: how far each is, what it has, and its files. */
export function SyncTabs({ sync }: { sync: Sync }) {
  const isAll = useSignal(false)
  const { tabs } = sync
  if (tabs.length === 0) return null
  const shown = isAll.value ? tabs : tabs.slice(0, SHOWN_AT_FIRST)
  return html`<section class="tabs" aria-label="Tabs">
    <table>
      <thead>
        <tr><th scope="col">Tab</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Columns</th><th scope="col">Files</th></tr>
      </thead>
      <tbody>${shown.map((tab) => html`<${TabRow} key=${`${tab.gid} ${tab.range}`} tab=${tab} sync=${sync} />`)}</tbody>
    </table>
    ${
      shown.length < tabs.length &&
      html`<button type="button" class="quiet" onClick=${() => (isAll.value = true)}>Show all ${count(tabs.length)} tabs</button>`
    }
  </section>`
}

function TabRow({ tab, sync }: { tab: Tab; sync: Sync }) {
  const isOpen = useSignal(false)
  const isDone = sync.state === 'succeeded'
  const change = sync.changes?.tabs.find(({ gid, range }) => gid === tab.gid && range === tab.range)
  const changed = change && changeWords(change.added, change.removed)
  const rows = addressOf({ view: 'rows', spreadsheet: sync.spreadsheet.id, tab: `gid:${tab.gid}`, more: {} })
  return html`
    <tr>
      <th scope="row">
        <span class="tab-title">
          <${StateMark} state=${tab.state} isWordless />
          ${isDone ? html`<a href=${rows}>${tab.title}</a>` : tab.title}
          ${tab.range !== null && html` <span class="muted">${tab.range}</span>`}
        </span>
        ${tab.state === 'downloading' && html`<${Bar} percent=${shareOf(tab, sync)} label=${tab.title} state="running" />`}
        ${changed && html`<span class="note">${changed}</span>`}
      </th>
      <td class="number">${count(tab.rows)}</td>
      <td class="number">
        ${
          isDone
            ? html`<button
                type="button"
                class="quiet"
                aria-expanded=${isOpen.value}
                aria-label=${`${tab.columns} columns of ${tab.title}`}
                onClick=${() => {
                  isOpen.value = !isOpen.value
                }}
              >${count(tab.columns)}</button>`
            : count(tab.columns)
        }
      </td>
      <td>${isDone && html`<${Files} tab=${tab} />`}</td>
    </tr>
    ${isOpen.value && html`<tr class="columns"><td colspan="4"><${Columns} tab=${tab} sync=${sync} /></td></tr>`}
  `
}

/** How far a tab is, where it is the only one: of several nobody knows how the rows that are to come are shared. */
function shareOf(tab: Tab, { tabs, progress }: Sync): number | undefined {
  if (tabs.length !== 1 || progress.rowsTotal === null || progress.rowsTotal === 0) return undefined
  return Math.min(100, (tab.rows / progress.rowsTotal) * 100)
}

function Files({ tab }: { tab: Tab }) {
  const error = useSignal<SheetsyncError | undefined>(undefined)
  const busy = useSignal('')
  const save = (href: string, name: string) => async (event: MouseEvent) => {
    event.preventDefault()
    error.value = undefined
    busy.value = name
    try {
      await download(href, name)
    } catch (thrown) {
      error.value = toError(thrown)
    }
    busy.value = ''
  }
  return html`<span class="files">
      ${tab.files.map(
        ({ name, format, bytes: size, href }) =>
          html`<span><a href=${`.${href}`} download=${name} title=${name} aria-busy=${busy.value === name} onClick=${save(href, name)}>${format}</a> <span class="muted">${bytes(size)}</span></span>`,
      )}
    </span>
    ${error.value && html`<${ErrorNotice} error=${error.value} />`}`
}

/** The columns of a tab with what they hold, as the latest snapshot has them. */
function Columns({ tab, sync }: { tab: Tab; sync: Sync }) {
  const found = useSignal<TabSchema | SheetsyncError | undefined>(undefined)
  if (found.value === undefined) {
    client.value.schema(sync.spreadsheet.id, `gid:${tab.gid}`).then(
      (schema) => (found.value = schema),
      (thrown) => (found.value = toError(thrown)),
    )
    return html`<p class="muted" role="status">Loading …</p>`
  }
  if (found.value instanceof Error) return html`<${ErrorNotice} error=${found.value} />`
  const { columns, syncId } = found.value
  return html`
    ${syncId !== sync.id && html`<p class="note">Of the latest snapshot, which another sync has made.</p>`}
    <ul class="column-list">
      ${columns.map(
        ({ name, type, nullable }) =>
          html`<li><span>${name}</span> <code>${type}</code>${nullable && html` <span class="muted">with blanks</span>`}</li>`,
      )}
    </ul>
  `
}
