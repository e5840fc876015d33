import type { SheetsyncError } from 'sheetsync-client'
import type { Problem } from '../../client/src/types.ts'
import { type Child, html } from './html.ts'

interface NoticeProps {
  /** `fault`: something is wrong; `note`: good to know. */
  readonly kind?: 'fault' | 'note'
  readonly title: string
  readonly children?: Child
  /** What a screen reader is told at once. */
  readonly isUrgent?: boolean
}

/** A message in the page. */
export function Notice({ kind = 'note', title, children, isUrgent = false }: NoticeProps) {
  return html`<section class="notice" data-kind=${kind} role=${isUrgent ? 'alert' : undefined}>
    <h3>${title}</h3>
    ${children}
  </section>`
}

/** What went wrong: how to mend it first, then what it was, and behind a fold all that the service said of it. */
export function ProblemNotice({ problem, isUrgent = false }: { problem: Problem; isUrgent?: boolean }) {
  const { title, hint, detail, errors = [] } = problem
  return html`<${Notice} kind="fault" title=${title} isUrgent=${isUrgent}>
    ${hint && html`<p class="hint">${hint}</p>`}
    <p>${detail}</p>
    ${errors.length > 0 && html`<ul>${errors.map(({ field, message }) => html`<li><code>${field}</code> ${message}</li>`)}</ul>`}
    <details>
      <summary>${problem.code}</summary>
      <pre tabindex="0" aria-label="The problem as JSON">${JSON.stringify(problem, null, 2)}</pre>
    </details>
  <//>`
}

/** The same of a call of this page that failed. */
export function ErrorNotice({ error }: { error: SheetsyncError }) {
  if (error.problem !== undefined) return html`<${ProblemNotice} problem=${error.problem} isUrgent />`
  return html`<${Notice} kind="fault" title=${error.message} isUrgent>
    ${error.hint && html`<p class="hint">${error.hint}</p>`}
  <//>`
}
