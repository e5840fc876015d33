import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { html } from '../parts/html.ts'
import { Shape } from '../parts/state-mark.ts'
import { type Filters, filterParameters, isFiltered, NO_FILTERS } from '../state/filters.ts'
import { go, place } from '../state/place.ts'
import { filters } from '../state/syncs.ts'

/** States that are asked for together, and the shape that stands for them. */
const GROUPS: readonly (readonly [label: string, shape: string, states: readonly string[]])[] = [
  ['active', 'running', ['queued', 'running', 'cancelling', 'interrupted']],
  ['succeeded', 'succeeded', ['succeeded']],
  ['failed', 'failed', ['failed']],
  ['cancelled', 'cancelled', ['cancelled']],
]

/** Milliseconds after the last letter until the list is asked for. */
const TYPING_MS = 250

function changeFilters(part: Partial<Filters>, options?: { readonly replace?: boolean }): void {
  const { value } = place
  if (value.view === 'syncs') go({ ...value, filters: { ...value.filters, ...part } }, options)
}

/** Which syncs the list shows; all of it is in the address. */
export function FilterBar() {
  const { state } = filters.value
  const toggle = (states: readonly string[]) => {
    const isOn = states.every((one) => state.includes(one))
    changeFilters({ state: [...state.filter((one) => !states.includes(one)), ...(isOn ? [] : states)] })
  }
  return html`<div class="filters" role="search" aria-label="Filter syncs">
    <${Search} />
    <div class="chips" role="group" aria-label="State">
      ${GROUPS.map(
        ([label, shape, states]) =>
          html`<button
            type="button"
            class="chip"
            aria-pressed=${states.some((one) => state.includes(one))}
            title=${states.length > 1 ? states.join(', ') : undefined}
            onClick=${() => toggle(states)}
          ><${Shape} state=${shape} />${label}</button>`,
      )}
    </div>
    <${More} />
    ${isFiltered(filters.value) && html`<button type="button" class="quiet" onClick=${() => changeFilters(NO_FILTERS)}>Clear filters</button>`}
    <${Applied} />
  </div>`
}

function Search() {
  const { q } = filters.value
  const text = useSignal(q)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => {
    text.value = q
  }, [q])
  const type = (event: InputEvent) => {
    text.value = (event.currentTarget as HTMLInputElement).value
    clearTimeout(timer.current)
    timer.current = setTimeout(() => changeFilters({ q: text.value.trim() }, { replace: true }), TYPING_MS)
  }
  return html`<div class="search">
    <input
      id="search"
      type="search"
      placeholder="Title, id or label"
      aria-label="Search title, id or label"
      aria-keyshortcuts="/"
      autocomplete="off"
      spellcheck=${false}
      value=${text.value}
      onInput=${type}
    />
    <kbd aria-hidden="true">/</kbd>
  </div>`
}

const OTHERS = [
  ['spreadsheet', 'Spreadsheet', 'id or URL'],
  ['label', 'Label', 'name=value'],
  ['schedule', 'Schedule', 'id'],
  ['code', 'Error code', 'SHEET_FORBIDDEN'],
] as const

/** The filters that are asked for less often. */
function More() {
  const { value } = filters
  const fold = useRef<HTMLDetailsElement>(null)
  const close = () => fold.current?.removeAttribute('open')
  useEffect(() => {
    const press = ({ target }: PointerEvent) => {
      if (target instanceof Node && !fold.current?.contains(target)) close()
    }
    addEventListener('pointerdown', press)
    return () => removeEventListener('pointerdown', press)
  }, [])
  const leave = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !fold.current?.open) return
    event.preventDefault()
    close()
    fold.current.querySelector('summary')?.focus()
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const text = (name: string) => String(new FormData(form).get(name) ?? '').trim()
    const label = text('label')
    changeFilters({
      spreadsheet: text('spreadsheet'),
      schedule: text('schedule'),
      code: text('code').toUpperCase(),
      label: label === '' ? [] : label.split(/\s*,\s*/),
    })
    close()
  }
  return html`<details class="more" ref=${fold} onKeyDown=${leave}>
    <summary>More filters</summary>
    <form class="more-form" onSubmit=${submit}>
      ${OTHERS.map(
        ([name, label, placeholder]) => html`<label>
          <span>${label}</span>
          <input
            name=${name}
            placeholder=${placeholder}
            autocomplete="off"
            spellcheck=${false}
            defaultValue=${String(value[name])}
            key=${String(value[name])}
          />
        </label>`,
      )}
      <button type="submit">Filter</button>
    </form>
  </details>`
}

/** What filters now, beside text and groups of states: each can be taken away. */
function Applied() {
  const { value } = filters
  const shown = filterParameters(value).filter(([name]) => name !== 'q' && (name !== 'state' || !isGroups(value.state)))
  const without = (name: string, text: string): Partial<Filters> =>
    name === 'label'
      ? { label: value.label.filter((one) => one !== text) }
      : { [name]: NO_FILTERS[name as keyof Filters] }
  if (shown.length === 0) return null
  return html`<div class="applied">
    ${shown.map(
      ([name, text]) => html`<button
        type="button"
        class="token"
        aria-label=${`Remove the filter ${name} ${text}`}
        onClick=${() => changeFilters(without(name, text))}
      >${name}: ${text}<span aria-hidden="true">×</span></button>`,
    )}
  </div>`
}

/** Whether the chips say all about these states. */
function isGroups(states: readonly string[]): boolean {
  const whole = GROUPS.filter(([, , own]) => own.every((one) => states.includes(one))).flatMap(([, , own]) => own)
  return states.every((one) => whole.includes(one))
}
