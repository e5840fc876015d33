import { useSignal } from '@preact/signals'
import type { SheetsyncError } from 'sheetsync-client'
import { html } from '../parts/html.ts'
import { Notice } from '../parts/notice.ts'
import { tryKey } from '../state/access.ts'

/** Asks for the API key. */
export function KeyView({ refused }: { refused?: SheetsyncError | undefined }) {
  return html`<section class="centred">
    <h1>API key</h1>
    <p>This service asks for a key. It is kept in this tab until you close it, and sent to nobody else.</p>
    <${KeyForm} refused=${refused} />
  </section>`
}

/** The key is known, and may not even read. */
export function NotAllowedView({ error }: { error: SheetsyncError }) {
  return html`<section class="centred">
    <h1>This key may not read</h1>
    <p class="hint">${error.hint}</p>
    <p>${error.message}</p>
    <${KeyForm} />
  </section>`
}

/** The service has not answered since the page was opened. */
export function GoneView({ error }: { error: SheetsyncError }) {
  return html`<section class="centred">
    <${Notice} kind="fault" title="The service does not answer" isUrgent>
      <p class="hint">It is asked again every two seconds, and this page goes on by itself.</p>
      <p>${error.message}</p>
    <//>
  </section>`
}

function KeyForm({ refused }: { refused?: SheetsyncError | undefined }) {
  const isTrying = useSignal(false)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    isTrying.value = true
    await tryKey(String(new FormData(form).get('key') ?? ''))
    isTrying.value = false
  }
  return html`<form class="key-form" onSubmit=${submit}>
    <label for="key">Key</label>
    <input
      id="key"
      name="key"
      type="password"
      autocomplete="off"
      spellcheck=${false}
      required
      autofocus
      aria-invalid=${refused !== undefined}
      aria-describedby=${refused && 'key-refused'}
    />
    <button type="submit" class="primary" disabled=${isTrying.value}>Use it</button>
    ${
      refused &&
      html`<p id="key-refused" class="field-error" role="alert"><strong>${refused.hint}</strong> ${refused.message}</p>`
    }
  </form>`
}
