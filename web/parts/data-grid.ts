import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { cellLine } from './cells.ts'
import { columnStarts, columnWindow, scrollLeftFor } from './column-window.ts'
import { cellAfter, type GridCell } from './grid-keys.ts'
import { type Child, html } from './html.ts'
import { count as countWords } from './numbers.ts'
import { rowWindow, scrollTopFor } from './window.ts'

export interface GridColumn {
  /** The name of its cells in a row. */
  readonly name: string
  /** What it is called, where that is something else. */
  readonly label?: string
  /** What it holds, in a word. */
  readonly type: string
  readonly isNumeric: boolean
  readonly widthPx: number
}

export interface DataGridProps {
  readonly label: string
  readonly columns: readonly GridColumn[]
  readonly count: number
  /** A row by its place; `undefined` while it is not there. */
  readonly rowAt: (index: number) => Readonly<Record<string, unknown>> | undefined
  /** Told which rows are drawn, to load what is missing. */
  readonly onWindow?: (first: number, end: number) => void
  /** Draws a cell otherwise than as its text. */
  readonly draw?: (value: unknown) => Child
  /** The column that is sorted by. */
  readonly sort?: { readonly column: string; readonly isDescending: boolean } | undefined
  readonly onSort?: (column: string) => void
  /** Columns that have a filter. */
  readonly filtered?: ReadonlySet<string>
  readonly onFilter?: (column: string) => void
  /** Told where the keyboard is. */
  readonly onCell?: (cell: GridCell) => void
  /** Enter on a cell. */
  readonly onEnter?: () => void
}

const HEAD_PX = 40

/**
 * A table of any number of rows and columns, of which only those in sight are drawn. It has the focus as a whole, so that
 * nothing is lost when rows come and go, and names the cell that the keyboard is on.
 */
export function DataGrid(props: DataGridProps) {
  const { label, columns, count, rowAt, onWindow, onSort, onFilter, onCell, onEnter } = props
  const element = useRef<HTMLDivElement>(null)
  const scrolled = useSignal({ top: 0, left: 0 })
  const size = useSignal({ widthPx: 800, heightPx: 600, rowPx: 28 })
  const active = useSignal<GridCell | undefined>(undefined)
  const starts = useMemo(() => columnStarts(columns.map(({ widthPx }) => widthPx)), [columns])
  const numberPx = 20 + 8 * countWords(count).length
  const { widthPx, heightPx, rowPx } = size.value
  const geometry = { count, rowPx, viewPx: Math.max(rowPx, heightPx - HEAD_PX) }
  const rows = rowWindow(scrolled.value.top, geometry)
  const shown = columnWindow(starts, scrolled.value.left, Math.max(0, widthPx - numberPx))

  useLayoutEffect(() => {
    const { current } = element
    if (current === null) return
    const measure = () => {
      const { clientWidth, clientHeight } = current
      const own = Number.parseFloat(getComputedStyle(current).getPropertyValue('--cell-px')) || 28
      size.value = { widthPx: clientWidth, heightPx: clientHeight, rowPx: own }
    }
    const observer = new ResizeObserver(measure)
    observer.observe(current)
    measure()
    return () => observer.disconnect()
  }, [])
  useEffect(() => onWindow?.(rows.first, rows.end), [rows.first, rows.end, count, onWindow])

  const moveTo = (cell: GridCell) => {
    active.value = cell
    onCell?.(cell)
    const { current } = element
    if (current === null) return
    if (cell.row >= 0) current.scrollTop = scrollTopFor(cell.row, current.scrollTop, geometry)
    current.scrollLeft = scrollLeftFor(starts, cell.column, current.scrollLeft, Math.max(80, widthPx - numberPx))
  }
  const press = (event: KeyboardEvent) => {
    if (event.altKey || columns.length === 0) return
    const at = active.value ?? { row: rows.first, column: 0 }
    const pageRows = Math.max(1, Math.floor(geometry.viewPx / rowPx) - 1)
    const next = cellAfter(at, event, { rows: count, columns: columns.length, pageRows })
    const name = columns[at.column]?.name ?? ''
    if (next !== undefined) moveTo(next)
    else if (event.key === 'Enter') at.row === -1 ? onSort?.(name) : onEnter?.()
    else if (event.key === 'f' && !event.ctrlKey && !event.metaKey) onFilter?.(name)
    else return
    event.preventDefault()
  }
  const point = (event: MouseEvent) => {
    const [, row, column] =
      /^cell-(-?\d+)-(\d+)$/.exec((event.target as Element).closest('[id^=cell-]')?.id ?? '') ?? []
    if (row !== undefined) moveTo({ row: Number(row), column: Number(column) })
  }
  const { value: cell } = active
  const isDrawn =
    cell !== undefined &&
    (cell.row === -1 || (cell.row >= rows.first && cell.row < rows.end)) &&
    cell.column >= shown.first &&
    cell.column < shown.end
  const totalPx = numberPx + (starts.at(-1) ?? 0)
  const tracks = columns.slice(shown.first, shown.end).map(({ widthPx: px }) => `${px}px`)
  const style = { '--tracks': `${numberPx}px ${starts[shown.first]}px ${tracks.join(' ')}`, width: `${totalPx}px` }
  const drawn = { ...props, shown, cell }
  return html`<div
    ref=${element}
    class="data-grid"
    role="grid"
    tabindex="0"
    aria-label=${label}
    aria-rowcount=${count + 1}
    aria-colcount=${columns.length + 1}
    aria-activedescendant=${isDrawn ? idOf(cell) : undefined}
    onKeyDown=${press}
    onClick=${point}
    onFocus=${() => (active.value ??= { row: 0, column: 0 })}
    onScroll=${(event: Event) => {
      const { scrollTop: top, scrollLeft: left } = event.currentTarget as HTMLElement
      scrolled.value = { top, left }
    }}
  >
    <div role="rowgroup" class="cells-head" style=${style}><${HeadRow} ...${drawn} /></div>
    <div role="rowgroup" style=${{ ...style, height: `${rows.areaPx}px` }}>
      <div role="none" style=${{ transform: `translateY(${rows.offsetPx}px)` }}>
        ${Array.from({ length: Math.max(0, rows.end - rows.first) }, (_, offset) => drawRow(rows.first + offset, rowAt, drawn))}
      </div>
    </div>
  </div>`
}

interface Drawn extends DataGridProps {
  readonly shown: { readonly first: number; readonly end: number }
  readonly cell: GridCell | undefined
}

const idOf = ({ row, column }: GridCell) => `cell-${row}-${column}`

function HeadRow({ columns, shown, cell, sort, onSort, filtered, onFilter }: Drawn) {
  return html`<div role="row" class="cells" aria-rowindex="1">
    <span role="columnheader" class="cell-number" aria-colindex="1"><span class="unseen">Row</span></span>
    <i role="none"></i>
    ${columns.slice(shown.first, shown.end).map(({ name, label = name, type, isNumeric }, offset) => {
      const column = shown.first + offset
      const sorted = sort?.column === name ? (sort.isDescending ? 'descending' : 'ascending') : undefined
      return html`<div
        key=${column}
        id=${idOf({ row: -1, column })}
        role="columnheader"
        class="cell-head"
        aria-colindex=${column + 2}
        aria-sort=${sorted}
        data-active=${cell?.row === -1 && cell.column === column}
        data-number=${isNumeric}
      >
        ${
          onSort === undefined
            ? html`<span class="cell-name">${label}</span>`
            : html`<button type="button" tabindex="-1" class="cell-name" title=${`Sort by ${name}`} onClick=${() => onSort(name)}>
                ${name}${sorted && html`<span aria-hidden="true">${sorted === 'ascending' ? ' ▲' : ' ▼'}</span>`}
              </button>`
        }
        <span class="cell-type">${type}</span>
        ${
          onFilter &&
          html`<button
            type="button"
            tabindex="-1"
            class="cell-filter"
            aria-label=${`Filter ${name}`}
            title=${`Filter ${name} (f)`}
            data-on=${filtered?.has(name) ?? false}
            onClick=${() => onFilter(name)}
          ><${Funnel} /></button>`
        }
      </div>`
    })}
  </div>`
}

function Funnel() {
  return html`<svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="M1 2h10L7 6.5V10L5 11V6.5z" /></svg>`
}

function drawRow(index: number, rowAt: DataGridProps['rowAt'], { columns, shown, cell, draw = cellLine }: Drawn) {
  const row = rowAt(index)
  return html`<div role="row" class="cells" aria-rowindex=${index + 2} key=${index} aria-busy=${row === undefined}>
    <span role="rowheader" class="cell-number" aria-colindex="1">${countWords(index + 1)}</span>
    <i role="none"></i>
    ${columns.slice(shown.first, shown.end).map(({ name, isNumeric }, offset) => {
      const column = shown.first + offset
      return html`<span
        key=${column}
        id=${idOf({ row: index, column })}
        role="gridcell"
        class="cell-value"
        aria-colindex=${column + 2}
        data-number=${isNumeric}
        data-active=${cell?.row === index && cell.column === column}
      >${row === undefined ? html`<i class="cell-wait"></i>` : draw(row[name])}</span>`
    })}
  </div>`
}
