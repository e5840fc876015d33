import { useSignal } from '@preact/signals'
import type { Schedule } from '../../client/src/types.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { counted } from '../parts/numbers.ts'
import { StateMark } from '../parts/state-mark.ts'
import { Ago } from '../parts/times.ts'
import { useTitle } from '../parts/title.ts'
import { isWide } from '../parts/width.ts'
import { mayWrite } from '../state/access.ts'
import { addressOf } from '../state/address.ts'
import { useAsked } from '../state/asked.ts'
import { ruleWords } from '../state/schedules.ts'
import { client } from '../state/session.ts'
import { GoneNotice } from './gone.ts'
import { ScheduleDetail } from './schedule.ts'
import { NewSchedule } from './schedule-new.ts'
import { NextRun, ScheduleState } from './schedule-parts.ts'

const AGAIN_MS = 5000
const PAGE = 100

/** The schedules, and beside them the one that is open; where there is no room for both, that alone. */
export function SchedulesView({ place }: { place: { readonly more: Readonly<Record<string, string>> } }) {
  const open = place.more.schedule
  useTitle('Schedules')
  const wanted = useSignal(PAGE)
  const isNew = useSignal(false)
  const [asked, again] = useAsked((signal) => newest(wanted.peek(), signal), [wanted.value], { everyMs: AGAIN_MS })
  const { data, error, isRetried } = asked.value
  const isAlone = open !== undefined && !isWide.value
  return html`<div class="schedules" data-open=${open !== undefined}>
    ${isAlone && html`<h1 class="unseen">Schedules</h1>`}
    ${
      !isAlone &&
      html`<section class="schedule-list" aria-label="Schedules">
        <header class="view-top">
          <h1>Schedules</h1>
          ${mayWrite.value && html`<button type="button" class="primary" onClick=${() => (isNew.value = true)}>New schedule …</button>`}
        </header>
        ${error && (isRetried ? html`<${GoneNotice} error=${error} />` : html`<${ErrorNotice} error=${error} />`)}
        ${data === undefined ? error === undefined && html`<p class="quiet-state" role="status">Loading …</p>` : html`<${Table} ...${data} open=${open} />`}
        ${data?.hasMore && html`<p class="view-foot"><button type="button" class="quiet" onClick=${() => (wanted.value += PAGE)}>Show more</button></p>`}
      </section>`
    }
    ${open !== undefined && html`<${ScheduleDetail} key=${open} id=${open} onChange=${again} />`}
    ${isNew.value && html`<${NewSchedule} onClose=${() => (isNew.value = false)} onMade=${again} />`}
  </div>`
}

interface Listed {
  readonly schedules: readonly Schedule[]
  readonly hasMore: boolean
}

async function newest(wanted: number, signal: AbortSignal): Promise<Listed> {
  const schedules: Schedule[] = []
  let pageToken: string | null = null
  do {
    const query = { pageSize: String(PAGE), ...(pageToken !== null && { pageToken }) }
    const page = await client.peek().listSchedules(query, { signal })
    schedules.push(...page.schedules)
    pageToken = page.nextPageToken
  } while (pageToken !== null && schedules.length < wanted)
  return { schedules, hasMore: pageToken !== null }
}

function Table({ schedules, hasMore, open }: Listed & { open: string | undefined }) {
  if (schedules.length === 0) {
    return html`<div class="quiet-state">
      <p>There is no schedule yet.</p>
      <p class="muted">${mayWrite.value ? 'A schedule starts a sync every so often, or at the times of a cron line.' : 'This key may look at schedules, and make none.'}</p>
    </div>`
  }
  return html`<table class="plain">
      <thead><tr><th scope="col">Schedule</th><th scope="col">State</th><th scope="col">Next run</th><th scope="col">Latest run</th></tr></thead>
      <tbody>${schedules.map((schedule) => html`<${Row} key=${schedule.id} schedule=${schedule} isOpen=${schedule.id === open} />`)}</tbody>
    </table>
    <p class="view-foot muted" role="status">${counted(schedules.length, 'schedule')}${hasMore && ', and more'}</p>`
}

function Row({ schedule, isOpen }: { schedule: Schedule; isOpen: boolean }) {
  const { id, name, nextRunAt, lastSync, fault } = schedule
  return html`<tr aria-current=${isOpen ? 'true' : undefined}>
    <th scope="row">
      <a href=${addressOf({ view: 'schedules', more: { schedule: id } })}>${name}</a>
      <span class="note">${ruleWords(schedule)}</span>
    </th>
    <td><${ScheduleState} schedule=${schedule} />${fault && html`<span class="note hindered">${fault.code}</span>`}</td>
    <td><${NextRun} at=${nextRunAt} /></td>
    <td>${
      lastSync === null
        ? html`<span class="muted">–</span>`
        : html`<${StateMark} state=${lastSync.state} /><span class="note"><${Ago} at=${lastSync.finishedAt ?? lastSync.tick} /></span>`
    }</td>
  </tr>`
}
