import { useEffect } from 'preact/hooks'
import { Copy } from '../parts/copy.ts'
import { html } from '../parts/html.ts'
import { me } from '../state/access.ts'
import { credentials, listCredentials } from '../state/credentials.ts'
import { BASE, hasKey, ownToken } from '../state/session.ts'
import { bodyOf, curlOf, type FieldFault, type StartForm } from '../state/start-form.ts'
import { Field, FieldErrors } from './field.ts'

/** The fields that are folded away, as the API names them. */
export const FIELDS = [
  'tabs',
  'ranges',
  'formats',
  'headerRow',
  'values',
  'dates',
  'csv.injection',
  'csv.bom',
  'ifUnchanged',
  'maxAge',
  'ifActive',
  'labels',
  'webhook',
  'expect',
  'credential',
  'actAs',
] as const

const FORMATS = ['json', 'ndjson', 'csv', 'parquet']

interface StartOptionsProps {
  readonly form: StartForm
  readonly change: (part: Partial<StartForm>) => void
  readonly faults: readonly FieldFault[]
}

/** Everything else that `POST /syncs` takes, filled with its defaults, and the same as a command. */
export function StartOptions({ form, change, faults }: StartOptionsProps) {
  const field = (name: keyof StartForm, more: object = {}) => html`<${Field}
    name=${name}
    faults=${faults}
    value=${form[name]}
    onValue=${(value: string) => change({ [name]: value })}
    ...${more}
  />`
  return html`<div class="options">
    <div class="option-grid">
      ${field('tabs', { lines: 2, placeholder: 'all', note: 'Titles, or gid:N; one on each line.' })}
      ${field('ranges', { lines: 2, placeholder: 'whole tabs', note: "Such as 'Orders'!A1:F; instead of tabs." })}
      ${field('labels', { lines: 2, placeholder: 'none', note: 'name=value; one on each line.' })}
      ${field('expect', { lines: 2, placeholder: 'nothing', note: 'JSON such as {"minRows": 1}.' })}
      <${Formats} form=${form} change=${change} faults=${faults} />
      ${field('values', { choices: ['typed', 'formatted', 'formula'] })}
      ${field('dates', { choices: ['iso', 'serial'] })}
      ${field('headerRow', { type: 'number', min: 0, note: '0: rows are arrays.' })}
      ${field('ifUnchanged', { choices: ['download', 'skip'] })}
      ${field('maxAge', { placeholder: 'none', note: 'With skip: 30s, 5m, 2h, 1d.' })}
      ${field('ifActive', { choices: ['join', 'start'] })}
      ${field('injection', { name: 'csv.injection', choices: ['escape', 'raw'] })}
      ${field('webhook', { type: 'url', label: 'webhook.url', placeholder: 'none' })}
      <${Credential} field=${field} />
      <${ByteOrderMark} form=${form} change=${change} faults=${faults} />
    </div>
    <${Command} form=${form} />
  </div>`
}

function Formats({ form, change, faults }: StartOptionsProps) {
  const toggle = (format: string) =>
    change({ formats: FORMATS.filter((one) => form.formats.includes(one) !== (one === format)) })
  return html`<fieldset class="field">
    <legend>formats</legend>
    <div class="checks">
      ${FORMATS.map(
        (format) => html`<label class="check">
          <input type="checkbox" name="formats" checked=${form.formats.includes(format)} onChange=${() => toggle(format)} />${format}
        </label>`,
      )}
    </div>
    <${FieldErrors} name="formats" faults=${faults} />
  </fieldset>`
}

function ByteOrderMark({ form, change, faults }: StartOptionsProps) {
  return html`<fieldset class="field">
    <legend>csv.bom</legend>
    <label class="check">
      <input type="checkbox" checked=${form.bom} onChange=${() => change({ bom: !form.bom })} />a byte order mark, for Excel
    </label>
    <${FieldErrors} name="csv.bom" faults=${faults} />
  </fieldset>`
}

/** Who reads, where there is a choice. */
function Credential({ field }: { field: (name: keyof StartForm, more?: object) => unknown }) {
  useEffect(() => void listCredentials(), [])
  return [
    credentials.value.length > 1 && field('credential', { choices: credentials.value }),
    me.value?.tokens &&
      html`<${Field}
        name="X-Google-Access-Token"
        type="password"
        placeholder="none"
        note="A user's own: reads with it, and shows what it has read alone. Forgotten with this page."
        faults=${[]}
        defaultValue=${ownToken.peek()}
        onInput=${null}
        onChange=${(event: Event) => {
          // Visible ASCII, as tokens are: fetch throws at a header with anything else, such as the spaces that come with a copy.
          ownToken.value = (event.currentTarget as HTMLInputElement).value.replace(/[^!-~]/g, '')
        }}
      />`,
    me.value?.actAs && field('actAs', { placeholder: 'nobody', note: 'The address of a person of your domain.' }),
  ]
}

function Command({ form }: { form: StartForm }) {
  const { body } = bodyOf({ ...form, spreadsheet: form.spreadsheet || '<id or URL>' })
  const command = curlOf(body, BASE, hasKey.value, ownToken.value !== '')
  return html`<div class="command">
    <pre tabindex="0" aria-label="The same as a command">${command}</pre>
    <${Copy} text=${command} label="Copy the command" />
  </div>`
}
