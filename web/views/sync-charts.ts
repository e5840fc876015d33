import type { Sync } from '../../client/src/types.ts'
import { Chart } from '../parts/chart.ts'
import { html } from '../parts/html.ts'
import { count } from '../parts/numbers.ts'
import { budgetOf } from '../state/budget.ts'
import { callsPerMinute } from '../state/rates.ts'
import { sampled, samplesOf } from '../state/samples.ts'

/** Samples below which there is nothing to draw. */
const FEWEST = 3

/** Rows over time, and calls a minute against what Google allows: as far as this page has seen the sync. */
export function SyncCharts({ sync }: { sync: Sync }) {
  sampled.value
  const samples = samplesOf(sync.id)
  if (samples.length < FEWEST) return null
  const rates = callsPerMinute(samples)
  const { credential = 'default' } = sync.request as { credential?: string }
  const budget = budgetOf(credential)
  return html`<section class="charts" aria-label="Over time">
    <${Chart} title="Rows" value=${count(samples.at(-1)?.rows ?? 0)} points=${samples.map(({ at, rows }) => [at, rows])} />
    <${Chart}
      title="Calls a minute"
      value=${count(rates.at(-1)?.[1] ?? 0)}
      points=${rates}
      limit=${budget === undefined ? undefined : { value: budget, label: `Budget: ${count(budget)} a minute` }}
    />
  </section>`
}
