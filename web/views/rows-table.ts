import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { TabSchema } from '../../client/src/types.ts'
import { CellGrid } from '../parts/cell-grid.ts'
import { columnWidth, isNumeric } from '../parts/cells.ts'
import type { GridColumn } from '../parts/data-grid.ts'
import type { GridCell } from '../parts/grid-keys.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { counted, count as countWords } from '../parts/numbers.ts'
import { useAsked } from '../state/asked.ts'
import { go } from '../state/place.ts'
import {
  type ColumnFilter,
  nextSort,
  questionIn,
  questionParameters,
  type RowQuestion,
  TESTS,
} from '../state/row-question.ts'
import { client } from '../state/session.ts'
import { type TableRows, useTableRows } from '../state/table-rows.ts'
import { GoneNotice } from './gone.ts'
import type { RowsProps } from './rows.ts'
import { FilterDialog } from './rows-filter.ts'

/** The rows of a tab: sorted and filtered by the service, and read as they come in sight. */
export function RowsTable(props: RowsProps) {
  const { place, tab } = props
  const name = `gid:${tab.gid}`
  const [asked] = useAsked(
    (signal) => client.peek().schema(place.spreadsheet, name, { signal }),
    [place.spreadsheet, name, tab.snapshot.syncId],
  )
  const { data, error, isRetried } = asked.value
  if (data !== undefined) return html`<${OpenTable} ...${props} schema=${data} />`
  if (error === undefined) return html`<p class="quiet-state" role="status">Loading …</p>`
  return isRetried ? html`<${GoneNotice} error=${error} />` : html`<${ErrorNotice} error=${error} />`
}

interface OpenTableProps extends RowsProps {
  readonly schema: TabSchema
}

function OpenTable({ place, tab, schema, again }: OpenTableProps) {
  const question = questionIn(place.more)
  const filtering = useSignal<string | undefined>(undefined)
  const cell = useSignal<GridCell | undefined>(undefined)
  const columns = useMemo(() => schema.columns.map(gridColumn), [schema])
  const rows = useTableRows({
    ...{ spreadsheet: place.spreadsheet, tab: `gid:${tab.gid}`, columns: columns.length },
    ...{ syncId: tab.snapshot.syncId, question, allRows: schema.rows, onSnapshot: again },
  })
  const ask = (next: RowQuestion) => {
    cell.value = undefined
    go({ ...place, more: questionParameters(next) })
  }
  const { count } = rows
  // A question at fault keeps what is asked in sight, so that it can be taken away.
  const isUnanswerable = rows.error !== undefined && !rows.isRetried
  return html`
    <div class="rows-tools" role="group" aria-label="Sort and filter">
      <p role="status">${count === undefined ? (isUnanswerable ? '' : 'Loading …') : countOf(count, schema.rows, question)}</p>
      <${Asked} question=${question} ask=${ask} />
      <button type="button" class="quiet" disabled=${columns.length === 0} onClick=${() => (filtering.value = columns[cell.value?.column ?? 0]?.name)}>Filter …</button>
    </div>
    ${rows.error && (rows.isRetried ? html`<${GoneNotice} error=${rows.error} />` : html`<${ErrorNotice} error=${rows.error} />`)}
    ${
      isUnanswerable
        ? null
        : count === 0
          ? html`<p class="quiet-state">${question.filters.length > 0 ? 'No row is like that.' : 'This tab has no rows.'}</p>`
          : html`<${Grid} label=${`Rows of ${tab.title}`} columns=${columns} rows=${rows} question=${question} ask=${ask} cell=${cell} filtering=${filtering} />`
    }
    ${
      filtering.value !== undefined &&
      html`<${FilterDialog}
        columns=${schema.columns}
        column=${filtering.value}
        filters=${question.filters}
        onFilters=${(filters: readonly ColumnFilter[]) => ask({ ...question, filters })}
        onClose=${() => (filtering.value = undefined)}
      />`
    }
  `
}

function gridColumn({ column, type, longest }: OpenTableProps['schema']['columns'][number]): GridColumn {
  return { name: column, type, isNumeric: isNumeric(type), widthPx: columnWidth(column, type, longest) }
}

function countOf(count: number, all: number, { filters }: RowQuestion): string {
  return filters.length === 0 ? counted(count, 'row') : `${countWords(count)} of ${counted(all, 'row')}`
}

interface GridProps {
  readonly label: string
  readonly columns: readonly GridColumn[]
  readonly rows: TableRows
  readonly question: RowQuestion
  readonly ask: (question: RowQuestion) => void
  readonly cell: { value: GridCell | undefined }
  readonly filtering: { value: string | undefined }
}

/** Apart from the tools above it, as it is drawn with every page that comes. */
function Grid({ label, columns, rows, question, ask, cell, filtering }: GridProps) {
  rows.version.value
  return html`<${CellGrid}
    label=${label}
    columns=${columns}
    count=${rows.count ?? 0}
    rowAt=${rows.at}
    onWindow=${rows.want}
    sort=${question.sort}
    onSort=${(column: string) => ask({ ...question, sort: nextSort(question.sort, column) })}
    filtered=${new Set(question.filters.map(({ column }) => column))}
    onFilter=${(column: string) => (filtering.value = column)}
    onCell=${(at: GridCell) => (cell.value = at)}
  />`
}

/** What sorts and filters now: each can be taken away. */
function Asked({ question, ask }: { question: RowQuestion; ask: (question: RowQuestion) => void }) {
  const { sort, filters } = question
  const token = (words: string, without: RowQuestion) => html`<button
    type="button"
    class="token"
    aria-label=${`Remove: ${words}`}
    onClick=${() => ask(without)}
  ><span>${words}</span><span aria-hidden="true">×</span></button>`
  return html`<span class="rows-asked">
    ${sort && token(`by ${sort.column} ${sort.isDescending ? 'descending' : 'ascending'}`, { ...question, sort: undefined })}
    ${filters.map((filter) =>
      token(`${filter.column} ${TESTS[filter.test].words} ${filter.value}`.trim(), {
        ...question,
        filters: filters.filter((one) => one !== filter),
      }),
    )}
  </span>`
}
