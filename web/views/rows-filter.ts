import { useSignal } from '@preact/signals'
import type { TabSchema } from '../../client/src/types.ts'
import { Dialog } from '../parts/dialog.ts'
import { html } from '../parts/html.ts'
import { count, counted } from '../parts/numbers.ts'
import { type ColumnFilter, type FilterTest, TESTS, testsFor } from '../state/row-question.ts'

interface FilterDialogProps {
  readonly columns: TabSchema['columns']
  /** The column to begin with. */
  readonly column: string
  readonly filters: readonly ColumnFilter[]
  readonly onFilters: (filters: readonly ColumnFilter[]) => void
  readonly onClose: () => void
}

/** Asks for a filter of a column; it takes the place of one that the column has. */
export function FilterDialog({ columns, column, filters, onFilters, onClose }: FilterDialogProps) {
  const chosen = useSignal(column)
  const schema = columns.find((one) => one.column === chosen.value)
  const type = schema?.type ?? 'text'
  const known = filters.find((filter) => filter.column === chosen.value)
  const tests = testsFor(type)
  const test = useSignal<FilterTest>(known?.test ?? tests[0] ?? 'is')
  const others = filters.filter((filter) => filter.column !== chosen.value)
  const end = (next: readonly ColumnFilter[]) => {
    onFilters(next)
    onClose()
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const value = String(new FormData(event.currentTarget as HTMLFormElement).get('value') ?? '')
    end([...others, { column: chosen.value, test: test.value, value }])
  }
  const choose = (event: Event) => {
    chosen.value = (event.currentTarget as HTMLSelectElement).value
    const next = columns.find((one) => one.column === chosen.value)
    test.value =
      filters.find((filter) => filter.column === chosen.value)?.test ?? testsFor(next?.type ?? 'text')[0] ?? 'is'
  }
  const { isValueless = false } = TESTS[test.value] as { isValueless?: boolean }
  return html`<${Dialog} title="Filter rows" onClose=${onClose}>
    <form class="filter-form" onSubmit=${submit}>
      <label><span>Column</span>
        <select value=${chosen.value} onChange=${choose}>${columns.map((one) => html`<option value=${one.column} selected=${one.column === chosen.value}>${one.column}</option>`)}</select>
      </label>
      <label><span>Test</span>
        <select value=${test.value} onChange=${(event: Event) => (test.value = (event.currentTarget as HTMLSelectElement).value as FilterTest)}>
          ${tests.map((one) => html`<option value=${one} selected=${one === test.value}>${TESTS[one].words}</option>`)}
        </select>
      </label>
      ${
        !isValueless &&
        html`<label><span>Value</span>${
          type === 'boolean'
            ? html`<select name="value" key=${chosen.value}>${['true', 'false'].map((one) => html`<option selected=${one === known?.value}>${one}</option>`)}</select>`
            : html`<input name="value" key=${chosen.value} defaultValue=${known?.value ?? ''} autocomplete="off" spellcheck=${false} autofocus inputmode=${type === 'integer' || type === 'number' ? 'decimal' : undefined} />`
        }</label>`
      }
      ${schema && html`<p class="note">${factsOf(schema)}</p>`}
      <div class="dialog-actions">
        ${known && html`<button type="button" onClick=${() => end(others)}>Remove filter</button>`}
        <button type="button" onClick=${onClose}>Close</button>
        <button type="submit" class="primary">Filter</button>
      </div>
    </form>
  <//>`
}

function factsOf({ type, counts, example }: TabSchema['columns'][number]): string {
  const facts = [type, `${count(counts.blank)} blank`]
  if (counts.error > 0) facts.push(counted(counts.error, 'error'))
  if (example !== null) facts.push(`such as ${example}`)
  return facts.join(', ')
}
