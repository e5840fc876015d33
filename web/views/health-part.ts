import { type Child, html } from '../parts/html.ts'
import { Shape } from '../parts/state-mark.ts'

/** A part of the page; `note` says what it is of. */
export function Part({ title, note, children }: { title: string; note?: Child; children?: Child }) {
  return html`<section class="health-part" aria-label=${title}><h2>${title}</h2>${note && html`<p class="note">${note}</p>`}${children}</section>`
}

/** What was not told: by an older release, or as it could not be read in time. */
export function NotTold({ isLate }: { isLate: boolean }) {
  return html`<p class="muted">${isLate ? 'It could not be told just now.' : 'This service does not tell.'}</p>`
}

/** Whether something is well, by shape and word. */
export function Mark({ isWell, words }: { isWell: boolean; words: string }) {
  const state = isWell ? 'succeeded' : 'failed'
  return html`<span class="state" data-state=${state}><${Shape} state=${state} /><span>${words}</span></span>`
}
