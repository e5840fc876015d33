import { useSignal } from '@preact/signals'
import { html } from './html.ts'

const SHOWN_MS = 1500

/** Copies a text. `label`: what it copies, such as "Copy the id". */
export function Copy({ text, label, children }: { text: string; label: string; children?: unknown }) {
  const copied = useSignal(false)
  const copy = async () => {
    await write(text)
    copied.value = true
    setTimeout(() => (copied.value = false), SHOWN_MS)
  }
  return html`<button type="button" class="quiet" aria-label=${label} title=${label} onClick=${copy}>
    ${copied.value ? 'Copied' : (children ?? 'Copy')}<span class="unseen" role="status">${copied.value ? 'Copied' : ''}</span>
  </button>`
}

/** Where the page came by plain HTTP from another machine there is no clipboard but the selection's. */
async function write(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  const { activeElement } = document
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
  if (activeElement instanceof HTMLElement) activeElement.focus()
}
