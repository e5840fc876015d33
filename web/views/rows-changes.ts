import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { SheetsyncError } from 'sheetsync-client'
import type { TabChanges } from '../../client/src/types.ts'
import { CellGrid } from '../parts/cell-grid.ts'
import { ChangedCell, cellLine, columnWidth, isNumeric } from '../parts/cells.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { ago, counted, count as countWords, moment } from '../parts/numbers.ts'
import { useAsked } from '../state/asked.ts'
import { CHANGE_COLUMN, changeCounts, changeRow } from '../state/change-rows.ts'
import { now } from '../state/clock.ts'
import { earlierSnapshots } from '../state/held-tabs.ts'
import { go } from '../state/place.ts'
import { client, toError } from '../state/session.ts'
import { GoneNotice } from './gone.ts'
import type { RowsProps } from './rows.ts'

const PAGE_ROWS = 250
/** Changes that are shown at most; whoever wants more asks the API. */
const MOST_ROWS = 5000

/** What has changed in a tab since an earlier snapshot. */
export function RowsChanges({ place, tab, snapshots }: RowsProps) {
  const { spreadsheet, more } = place
  const earlier = earlierSnapshots(snapshots, tab.gid)
  const since = earlier.find(({ syncId }) => syncId === more.since) ?? earlier[0]
  const name = `gid:${tab.gid}`
  const [schema] = useAsked(
    (signal) => client.peek().schema(spreadsheet, name, { signal }),
    [spreadsheet, name, tab.snapshot.syncId],
  )
  const columns = schema.value.data?.columns ?? []
  const ask = (part: { since?: string | undefined; key?: string | undefined }) => {
    const next = { since: since?.syncId, key: more.key, ...part }
    go({
      ...place,
      more: { show: 'changes', ...Object.fromEntries(Object.entries(next).filter(([, value]) => value)) },
    })
  }
  const select = (part: 'since' | 'key') => (event: Event) =>
    ask({ [part]: (event.currentTarget as HTMLSelectElement).value })
  const { error, isRetried } = schema.value
  if (error) return isRetried ? html`<${GoneNotice} error=${error} />` : html`<${ErrorNotice} error=${error} />`
  if (since === undefined) {
    return html`<div class="quiet-state">
      <p>There is no earlier snapshot to compare with.</p>
      <p class="muted">The next sync that downloads this tab makes one; <code>SNAPSHOTS_KEPT</code> says how many are kept.</p>
    </div>`
  }
  return html`
    <div class="rows-tools" role="group" aria-label="What to compare">
      <label>since
        <select onChange=${select('since')}>
          ${earlier.map(({ syncId, publishedAt }) => html`<option value=${syncId} selected=${syncId === since.syncId}>${moment(publishedAt)}, ${ago(publishedAt, now.value)}</option>`)}
        </select>
      </label>
      <label>rows told apart by
        <select onChange=${select('key')}>
          <option value="" selected=${!more.key}>all their cells</option>
          ${columns.map(({ column }) => html`<option value=${column} selected=${column === more.key}>${column}</option>`)}
        </select>
      </label>
    </div>
    ${
      schema.value.data === undefined
        ? html`<p class="quiet-state" role="status">Loading …</p>`
        : html`<${Compared} key=${`${tab.snapshot.syncId} ${since.syncId} ${more.key}`} spreadsheet=${spreadsheet} tab=${name} since=${since.syncId} keyColumn=${more.key} columns=${columns} />`
    }
  `
}

interface ComparedProps {
  readonly spreadsheet: string
  readonly tab: string
  readonly since: string
  readonly keyColumn: string | undefined
  readonly columns: readonly { readonly column: string; readonly type: string; readonly longest: number }[]
}

function Compared({ spreadsheet, tab, since, keyColumn, columns }: ComparedProps) {
  const question = { since, limit: PAGE_ROWS, ...(keyColumn && { key: [keyColumn] }) }
  const [first] = useAsked((signal) => client.peek().changes(spreadsheet, tab, question, { signal }), [])
  const pages = useSignal<{ readonly rows: readonly ReturnType<typeof changeRow>[]; readonly cursor: string | null }>({
    rows: [],
    cursor: null,
  })
  const failure = useSignal<SheetsyncError | undefined>(undefined)
  const isReading = useSignal(false)
  const add = ({ changes, nextCursor }: TabChanges) => {
    const rows = [...pages.peek().rows, ...changes.map(changeRow)].slice(0, MOST_ROWS)
    pages.value = { rows, cursor: rows.length < MOST_ROWS ? nextCursor : null }
  }
  const { data, error, isRetried } = first.value
  useEffect(() => {
    if (data !== undefined) add(data)
  }, [data])
  const loadMore = async (end: number) => {
    const { rows, cursor } = pages.peek()
    if (cursor === null || isReading.peek() || failure.peek() || end < rows.length - 50) return
    isReading.value = true
    try {
      add(await client.peek().changes(spreadsheet, tab, { ...question, cursor }))
    } catch (thrown) {
      failure.value = toError(thrown)
    }
    isReading.value = false
  }
  if (error) return isRetried ? html`<${GoneNotice} error=${error} />` : html`<${ErrorNotice} error=${error} />`
  if (data === undefined) return html`<p class="quiet-state" role="status">Comparing …</p>`
  const words = changeCounts(data.counts)
  const { rows } = pages.value
  const all = data.counts.added + data.counts.removed + data.counts.changed
  return html`
    <div class="rows-tools" role="status">
      <p>${words ?? 'Nothing has changed.'}${all > MOST_ROWS && `; the first ${countWords(MOST_ROWS)} are shown`}</p>
      ${data.columns.added.length > 0 && html`<p>+ columns: ${data.columns.added.join(', ')}</p>`}
      ${data.columns.removed.length > 0 && html`<p>− columns: ${data.columns.removed.join(', ')}</p>`}
      ${data.duplicateKeys.count > 0 && html`<p class="muted">${counted(data.duplicateKeys.count, 'key')} of several rows: those are compared whole</p>`}
    </div>
    ${failure.value && html`<${ErrorNotice} error=${failure.value} />`}
    ${
      words !== undefined &&
      html`<${CellGrid}
        label="Changes"
        columns=${[
          { name: CHANGE_COLUMN, label: 'change', type: '', isNumeric: false, widthPx: 104 },
          ...shownColumns(columns, data).map(({ column, type, longest }) => ({
            ...{ name: column, type, isNumeric: isNumeric(type) },
            widthPx: Math.min(320, columnWidth(column, type, longest) * 1.4),
          })),
        ]}
        count=${rows.length}
        rowAt=${(index: number) => rows[index]}
        onWindow=${(_: number, end: number) => void loadMore(end)}
        draw=${drawCell}
      />`
    }
  `
}

/** The columns that there are now, and after them those that are gone. */
function shownColumns(
  columns: ComparedProps['columns'],
  { columns: { removed } }: TabChanges,
): ComparedProps['columns'] {
  return [...columns, ...removed.map((column) => ({ column, type: 'removed', longest: 12 }))]
}

function drawCell(value: unknown) {
  if (!(value instanceof ChangedCell)) return cellLine(value)
  const line = (one: unknown) => cellLine(one) || 'blank'
  return html`<del>${line(value.before)}</del><span aria-hidden="true"> → </span><span class="unseen">, now </span><ins>${line(value.now)}</ins>`
}
