import type { SheetsyncError } from 'sheetsync-client'
import { html } from '../parts/html.ts'
import { Notice } from '../parts/notice.ts'

/** Something that passes keeps the service from answering; it is asked again by itself, and what was known stays. */
export function GoneNotice({ error }: { error: SheetsyncError }) {
  const title = error.status === 0 ? 'The service does not answer' : error.message
  return html`<h2 class="unseen">No answer</h2><${Notice} kind="fault" title=${title} isUrgent>
    <p class="hint">It is tried again by itself.</p>
    ${error.status === 0 ? html`<p>${error.message}</p>` : error.hint && html`<p>${error.hint}</p>`}
  <//>`
}
