import type { Sync } from '../../client/src/types.ts'
import { now } from '../state/clock.ts'
import { html } from './html.ts'
import { ago, duration, moment } from './numbers.ts'

/** When something was, counted from now, with the moment itself on hover. */
export function Ago({ at }: { at: string }) {
  return html`<time datetime=${at} title=${moment(at)}>${ago(at, now.value)}</time>`
}

/** How long a sync has taken so far, or took: from its first start. */
export function Elapsed({ sync }: { sync: Pick<Sync, 'startedAt' | 'finishedAt'> }) {
  const { startedAt, finishedAt } = sync
  if (startedAt === null) return html`<span class="muted">–</span>`
  const end = finishedAt === null ? Math.floor(now.value / 1000) * 1000 : Date.parse(finishedAt)
  return html`<span>${duration(end - Date.parse(startedAt))}</span>`
}
