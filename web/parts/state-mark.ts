import { html } from './html.ts'

/**
 * One shape for each state, so that none is told by its colour alone: an outline while it waits, a wedge while it runs, bars
 * while it is interrupted, a tick, a square with a cross, a struck ring.
 */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  queued: ['M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z'],
  running: ['M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z', 'M8 8V2.5A5.5 5.5 0 0 1 13.5 8z fill'],
  cancelling: ['M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z', 'M5.5 8h5'],
  interrupted: ['M5.5 3v10', 'M10.5 3v10'],
  succeeded: ['M3 8.5l3.5 3.5l6.5-8'],
  failed: ['M2.5 2.5h11v11h-11z fill', 'M5.5 5.5l5 5m0-5l-5 5 cut'],
  cancelled: ['M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z', 'M4.2 11.8l7.6-7.6'],
  // Of tabs.
  waiting: ['M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z'],
  downloading: ['M8 3v8m-3.5-3.5L8 11l3.5-3.5', 'M3.5 13.5h9'],
  done: ['M3 8.5l3.5 3.5l6.5-8'],
  skipped: ['M3.5 8h9'],
}

/** A state by its shape and its word, as the API has it. */
export function StateMark({ state, isWordless = false }: { state: string; isWordless?: boolean }) {
  return html`<span class="state" data-state=${state}>
    <${Shape} state=${state} />${isWordless ? html`<span class="unseen">${state}</span>` : html`<span>${state}</span>`}
  </span>`
}

/** The shape alone; what stands beside it says the word. */
export function Shape({ state }: { state: string }) {
  return html`<svg class="shape" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" data-state=${state}>
    ${(SHAPES[state] ?? []).map((shape) => {
      const [, path, style] = /^(.*?)(?: (fill|cut))?$/.exec(shape) ?? []
      return html`<path d=${path} class=${style} />`
    })}
  </svg>`
}
