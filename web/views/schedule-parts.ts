import type { Schedule } from '../../client/src/types.ts'
import { html } from '../parts/html.ts'
import { moment } from '../parts/numbers.ts'
import { Shape } from '../parts/state-mark.ts'
import { Ago } from '../parts/times.ts'

/** A schedule's state by its shape and its word. */
export function ScheduleState({ schedule: { state } }: { schedule: Schedule }) {
  return html`<span class="state" data-state=${state === 'active' ? 'succeeded' : 'interrupted'}>
    <${Shape} state=${state === 'active' ? 'running' : 'interrupted'} /><span>${state}</span>
  </span>`
}

/** When it runs next, from now on and by the clock. */
export function NextRun({ at }: { at: string | null }) {
  if (at === null) return html`<span class="muted">–</span>`
  return html`<${Ago} at=${at} /><span class="note">${moment(at)}</span>`
}
