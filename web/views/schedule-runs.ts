import type { Schedule } from '../../client/src/types.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { count, duration, moment } from '../parts/numbers.ts'
import { Shape, StateMark } from '../parts/state-mark.ts'
import { Ago } from '../parts/times.ts'
import { changeWords } from '../parts/words.ts'
import { addressOf } from '../state/address.ts'
import { useAsked } from '../state/asked.ts'
import { NO_FILTERS } from '../state/filters.ts'
import { barsOf, type Run, runOf } from '../state/schedules.ts'
import { client } from '../state/session.ts'
import { GoneNotice } from './gone.ts'

const AGAIN_MS = 5000
const MOST_RUNS = 40
const LISTED = 12

/** The latest runs of a schedule over time: how each ended, and the rows that it added and removed. */
export function Runs({ schedule: { id, revision } }: { schedule: Schedule }) {
  const [asked] = useAsked(
    (signal) => client.peek().listSyncs({ schedule: id, pageSize: String(MOST_RUNS) }, { signal }),
    [id, revision],
    { everyMs: AGAIN_MS, keepsOld: true },
  )
  const { data, error, isRetried } = asked.value
  if (data === undefined) {
    if (error === undefined) return html`<p class="muted" role="status">Loading …</p>`
    return isRetried ? html`<${GoneNotice} error=${error} />` : html`<${ErrorNotice} error=${error} />`
  }
  const runs = data.syncs.map(runOf)
  if (runs.length === 0) return html`<p class="muted">It has not run yet, or its syncs are forgotten.</p>`
  return html`<section class="runs" aria-label="Latest runs">
    <figure>
      <${Timeline} runs=${runs.toReversed()} />
      <figcaption class="note">The latest ${runs.length} runs, oldest first: rows added above the line, removed below it.</figcaption>
    </figure>
    <table class="plain">
      <thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col" class="number">Rows</th><th scope="col">Changed</th><th scope="col" class="number">Took</th></tr></thead>
      <tbody>
        ${runs.slice(0, LISTED).map(
          (run) => html`<tr key=${run.id}>
            <th scope="row"><a href=${syncAddress(run)}><${Ago} at=${run.at} /></a></th>
            <td><${StateMark} state=${run.state} /></td>
            <td class="number">${count(run.rows)}</td>
            <td>${outcomeWords(run)}</td>
            <td class="number">${run.tookMs === null ? '–' : duration(run.tookMs)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </section>`
}

function syncAddress({ id }: Run): string {
  return addressOf({ view: 'syncs', filters: NO_FILTERS, sync: id })
}

function outcomeWords({ error, outcome, changed }: Run): string {
  if (error !== null) return error
  if (outcome === 'unchanged') return 'unchanged'
  return changed === null ? '' : changeWords(changed.added, changed.removed)
}

/** Oldest first. Bars go up for rows added and down for rows removed; the shape below tells how the run ended. */
function Timeline({ runs }: { runs: readonly Run[] }) {
  const bars = barsOf(runs)
  return html`<div class="timeline" role="list" aria-label="Timeline, oldest first">
    ${runs.map((run, index) => {
      const { added = 0, removed = 0 } = bars[index] ?? {}
      const words = [run.state, outcomeWords(run), moment(run.at)].filter(Boolean).join(', ')
      return html`<span role="listitem" key=${run.id}><a href=${syncAddress(run)} title=${words} aria-label=${words}>
        <i class="bar-added" style=${{ transform: `scaleY(${added})` }}></i>
        <i class="bar-removed" style=${{ transform: `scaleY(${removed})` }}></i>
        <span class="state" data-state=${run.state}><${Shape} state=${run.state} /></span>
      </a></span>`
    })}
  </div>`
}
