import { useSignal } from '@preact/signals'
import type { SheetsyncError } from 'sheetsync-client'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { noteRefusal } from '../state/access.ts'
import { go } from '../state/place.ts'
import { client, toError } from '../state/session.ts'
import { bodyOf, EMPTY_FORM, type FieldFault, faultsOf, type StartForm } from '../state/start-form.ts'
import { filters, noteSync } from '../state/syncs.ts'
import { FieldErrors } from './field.ts'
import { FIELDS, StartOptions } from './start-options.ts'

/** Starts a sync: a URL and Enter, or whatever else the API takes, folded away. */
export function StartView() {
  const form = useSignal<StartForm>(EMPTY_FORM)
  const isOpen = useSignal(false)
  const isStarting = useSignal(false)
  const failure = useSignal<SheetsyncError | undefined>(undefined)
  const faults = useSignal<readonly FieldFault[]>([])
  const change = (part: Partial<StartForm>) => {
    form.value = { ...form.value, ...part }
  }
  const refuse = (all: readonly FieldFault[]) => {
    faults.value = all
    if (FIELDS.some((name) => faultsOf(all, name).length > 0)) isOpen.value = true
  }
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (isStarting.value) return
    const { body, faults: own } = bodyOf(form.value)
    failure.value = undefined
    refuse(own)
    if (own.length > 0) return
    isStarting.value = true
    try {
      const sync = await client.value.startSync(body)
      noteSync(sync)
      form.value = { ...form.value, spreadsheet: '' }
      isOpen.value = false
      go({ view: 'syncs', filters: filters.value, sync: sync.id })
    } catch (thrown) {
      if (noteRefusal(thrown)) return
      const error = toError(thrown)
      refuse(error.errors)
      // What stands beside its field need not be said again.
      const isShown = error.errors.every(({ field }) =>
        ['spreadsheet', ...FIELDS].some((name) => faultsOf([{ field, message: '' }], name).length > 0),
      )
      if (error.errors.length === 0 || !isShown) failure.value = error
    } finally {
      isStarting.value = false
    }
  }
  const own = faultsOf(faults.value, 'spreadsheet')
  return html`<form class="start" aria-label="Start a sync" onSubmit=${submit} noValidate>
    <div class="start-line">
      <input
        id="spreadsheet"
        name="spreadsheet"
        type="text"
        inputmode="url"
        autocomplete="off"
        spellcheck=${false}
        placeholder="Paste a Google Sheets URL or id"
        aria-label="Spreadsheet URL or id"
        aria-invalid=${own.length > 0}
        aria-describedby=${own.length > 0 ? 'spreadsheet-error' : undefined}
        value=${form.value.spreadsheet}
        onInput=${(event: InputEvent) => change({ spreadsheet: (event.currentTarget as HTMLInputElement).value })}
      />
      <button type="submit" class="primary" disabled=${isStarting.value}>${isStarting.value ? 'Starting …' : 'Start sync'}</button>
      <button
        type="button"
        aria-expanded=${isOpen.value}
        aria-controls="start-options"
        onClick=${() => {
          isOpen.value = !isOpen.value
        }}
      >Options</button>
    </div>
    <${FieldErrors} name="spreadsheet" faults=${faults.value} />
    ${failure.value && html`<${ErrorNotice} error=${failure.value} />`}
    <div id="start-options" hidden=${!isOpen.value}>
      ${isOpen.value && html`<${StartOptions} form=${form.value} change=${change} faults=${faults.value} />`}
    </div>
  </form>`
}
