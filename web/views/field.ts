import { html } from '../parts/html.ts'
import { type FieldFault, faultsOf } from '../state/start-form.ts'

interface FieldProps {
  /** As the API names it. */
  readonly name: string
  readonly label?: string
  /** What the API says of it. */
  readonly note?: string
  readonly faults: readonly FieldFault[]
  readonly value: string
  readonly onValue: (value: string) => void
  /** With these it is chosen from. */
  readonly choices?: readonly string[]
  /** Rows of text; without it, one line. */
  readonly lines?: number
  readonly placeholder?: string
  readonly type?: string
}

/** A field by the API's name, with what is at fault beside it. */
export function Field({ name, label = name, note, faults, value, onValue, choices, lines, ...input }: FieldProps) {
  const id = `field-${name}`
  const own = faultsOf(faults, name)
  const common = {
    id,
    name,
    value,
    spellcheck: false,
    autocomplete: 'off',
    'aria-invalid': own.length > 0,
    'aria-describedby':
      [note && `${id}-note`, own.length > 0 && `${name}-error`].filter(Boolean).join(' ') || undefined,
    onInput: (event: InputEvent) => onValue((event.currentTarget as HTMLInputElement).value),
  }
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${
      choices !== undefined
        ? html`<select ...${common}>${choices.map((choice) => html`<option value=${choice} selected=${choice === value}>${choice}</option>`)}</select>`
        : lines !== undefined
          ? html`<textarea ...${common} ...${input} rows=${lines}></textarea>`
          : html`<input type="text" ...${common} ...${input} />`
    }
    ${note && html`<p id=${`${id}-note`} class="note">${note}</p>`}
    <${FieldErrors} name=${name} faults=${faults} />
  </div>`
}

/** What is at fault with a field: how to mend it first. */
export function FieldErrors({ name, faults }: { name: string; faults: readonly FieldFault[] }) {
  const own = faultsOf(faults, name)
  if (own.length === 0) return null
  return html`<div id=${`${name}-error`} class="field-error" role="alert">
    ${own.map(
      ({ field, message, hint }) =>
        html`<p>${hint && html`<strong>${hint}</strong> `}<code>${field}</code> ${message}.</p>`,
    )}
  </div>`
}
