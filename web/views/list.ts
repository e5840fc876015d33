import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { SheetsyncError } from 'sheetsync-client'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { counted } from '../parts/numbers.ts'
import { VirtualRows } from '../parts/virtual-rows.ts'
import { mayWrite } from '../state/access.ts'
import { isFiltered } from '../state/filters.ts'
import { MOST_ROWS } from '../state/sync-rows.ts'
import { filters, isListed, loadMore, rows } from '../state/syncs.ts'
import { BulkView } from './bulk.ts'
import { activeRow, listKeys, rowToFocus, useKeys } from './list-keys.ts'
import { COLUMNS, SyncRow } from './list-row.ts'

interface ListViewProps {
  /** The sync that is shown beside the list. */
  readonly open: string | undefined
  readonly error: SheetsyncError | undefined
}

/** The syncs, newest first. Thousands are a scroll away: only those in sight are drawn, and pages are read as they are needed. */
export function ListView({ open, error }: ListViewProps) {
  const { all, nextPageToken } = rows.value
  const grid = useRef<HTMLDivElement>(null)
  const drawn = useSignal<readonly [first: number, end: number]>([0, 0])
  const indexOf = (id: string | undefined) => (id === undefined ? -1 : all.findIndex((sync) => sync.id === id))
  const activeId = activeRow.value ?? open
  const keys = listKeys({ all, active: activeId, pageRows: Math.max(1, drawn.value[1] - drawn.value[0] - 13) })
  useKeys((event) => {
    if (event.key === 'j' || event.key === 'k') keys(event)
  })
  useLayoutEffect(() => {
    if (rowToFocus.value === undefined) return
    const row = grid.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(rowToFocus.value)}"]`)
    if (row == null) return
    row.focus({ preventScroll: true })
    rowToFocus.value = undefined
  })
  if (error !== undefined) return html`<${ErrorNotice} error=${error} />`
  if (!isListed.value || (all.length === 0 && nextPageToken !== null)) return html`<${LoadingRows} />`
  if (all.length === 0) return html`<${NoRows} />`
  // One row is in the order of the Tab key; the keyboard reaches the others from there.
  const [first, end] = drawn.value
  const activeIndex = indexOf(activeId)
  const tabStop = activeIndex >= first && activeIndex < end ? activeIndex : first
  return html`<div class="grid" role="grid" aria-label="Syncs" aria-rowcount=${nextPageToken === null ? all.length + 1 : -1} ref=${grid} onKeyDown=${keys}>
      <div role="rowgroup" class="grid-head">
        <div role="row" class="row" aria-rowindex="1">
          ${COLUMNS.map(({ name, label }) => html`<span role="columnheader" class=${`cell ${name}`}>${label}</span>`)}
        </div>
      </div>
      <${VirtualRows}
        class="grid-body"
        count=${all.length}
        shown=${rowToFocus.value === undefined ? undefined : activeIndex}
        onWindow=${(window: { first: number; end: number }) => {
          drawn.value = [window.first, window.end]
          if (window.end > all.length - 100) void loadMore()
        }}
        row=${(index: number) => {
          const sync = all[index]
          return (
            sync &&
            html`<${SyncRow} key=${sync.id} sync=${sync} index=${index} isOpen=${sync.id === open} isStop=${index === tabStop} />`
          )
        }}
      />
    </div>
    <${Foot} words=${countWords(all.length, nextPageToken !== null)} />`
}

function Foot({ words }: { words: string }) {
  return html`<footer class="list-foot">
    <p role="status">${words}</p>
    ${mayWrite.value && html`<${BulkView} />`}
  </footer>`
}

function countWords(known: number, hasMore: boolean): string {
  if (!hasMore) return counted(known, 'sync')
  if (known >= MOST_ROWS) return `The newest ${counted(known, 'sync')}; filter to see older ones`
  return `${counted(known, 'sync')} so far; scroll for more`
}

function LoadingRows() {
  return html`<div class="loading" role="status">
    <span class="unseen">Loading …</span>
    ${Array.from({ length: 8 }, () => html`<div class="row skeleton" aria-hidden="true"><i></i><i></i><i></i></div>`)}
  </div>`
}

function NoRows() {
  if (isFiltered(filters.value)) {
    return html`<div class="quiet-state"><p role="status">No sync matches.</p></div>`
  }
  return html`<div class="quiet-state">
    <p>There is no sync yet.</p>
    <p class="muted">${mayWrite.value ? 'Paste the URL of a spreadsheet above and press Enter.' : 'This key may look at syncs, and start none.'}</p>
  </div>`
}
