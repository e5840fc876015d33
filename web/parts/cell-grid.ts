import { useSignal } from '@preact/signals'
import { cellText } from './cells.ts'
import { Copy } from './copy.ts'
import { DataGrid, type DataGridProps } from './data-grid.ts'
import { Dialog } from './dialog.ts'
import type { GridCell } from './grid-keys.ts'
import { html } from './html.ts'
import { count } from './numbers.ts'

/** Characters of a cell that are shown; all of it can be copied. */
const SHOWN = 20_000

/** A table with a line that shows more of the cell that the keyboard is on, and shows it whole: a column is seldom as wide as its texts. */
export function CellGrid(props: DataGridProps) {
  const cell = useSignal<GridCell | undefined>(undefined)
  const isWhole = useSignal(false)
  const { columns, rowAt, onSort, onFilter, onCell } = props
  const { row = -1, column = -1 } = cell.value ?? {}
  const { name, label = name } = columns[column] ?? {}
  const show = (at: GridCell) => {
    cell.value = at
    onCell?.(at)
  }
  const enter = () => {
    isWhole.value = true
  }
  return html`
    <${DataGrid} ...${props} onCell=${show} onEnter=${enter} />
    ${
      row < 0 || name === undefined
        ? html`<p class="cell-line muted">Arrow keys move, Enter shows a cell whole${onSort && ' and sorts on a header'}${onFilter && ', f filters'}.</p>`
        : html`<${CellLine} title=${`${label?.trim()}, row ${count(row + 1)}`} value=${rowAt(row)?.[name]} isThere=${rowAt(row) !== undefined} isWhole=${isWhole} />`
    }
  `
}

interface CellLineProps {
  readonly title: string
  readonly value: unknown
  readonly isThere: boolean
  readonly isWhole: { value: boolean }
}

function CellLine({ title, value, isThere, isWhole }: CellLineProps) {
  const text = cellText(value)
  const line = text === '' ? html`<span class="muted">${isThere ? 'blank' : '…'}</span>` : text.slice(0, 400)
  const close = () => {
    isWhole.value = false
  }
  return html`<div class="cell-line">
    <span class="muted">${title}</span>
    <span class="cell-text">${line}</span>
    ${text !== '' && html`<button type="button" class="quiet" onClick=${() => (isWhole.value = true)}>Show whole</button>`}
    ${
      isWhole.value &&
      html`<${Dialog} title=${title} onClose=${close}>
        <pre tabindex="0" aria-label="The cell">${text.slice(0, SHOWN)}${text.length > SHOWN && '…'}</pre>
        <div class="dialog-actions">
          <${Copy} text=${text} label="Copy the cell" />
          <button type="button" onClick=${close}>Close</button>
        </div>
      <//>`
    }
  </div>`
}
