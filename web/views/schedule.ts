import { useSignal } from '@preact/signals'
import type { SheetsyncError } from 'sheetsync-client'
import type { Schedule } from '../../client/src/types.ts'
import { Dialog } from '../parts/dialog.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice, Notice } from '../parts/notice.ts'
import { Ago } from '../parts/times.ts'
import { mayWrite, noteRefusal } from '../state/access.ts'
import { addressOf, type Place } from '../state/address.ts'
import { useAsked } from '../state/asked.ts'
import { NO_FILTERS } from '../state/filters.ts'
import { go } from '../state/place.ts'
import { ruleWords } from '../state/schedules.ts'
import { client, toError } from '../state/session.ts'
import { GoneNotice } from './gone.ts'
import { NextRun, ScheduleState } from './schedule-parts.ts'
import { Runs } from './schedule-runs.ts'

const AGAIN_MS = 5000
const ALL: Place = { view: 'schedules', more: {} }

const PAUSES = {
  user: 'Somebody paused it',
  failures: 'Paused: too many of its syncs in a row failed',
  forbidden: 'Paused: whose it is may not have this downloaded any more',
} as const

/** One schedule: its runs, and what can be done with it. */
export function ScheduleDetail({ id, onChange }: { id: string; onChange: () => void }) {
  const [asked, again] = useAsked((signal) => client.peek().getSchedule(id, { signal }), [id], { everyMs: AGAIN_MS })
  const { data, error, isRetried } = asked.value
  return html`<article class="sync-pane" aria-label="Schedule">
    <div class="pane-top">
      <a class="back" href=${addressOf(ALL)}><span aria-hidden="true">←</span> All schedules</a>
      <a class="close" href=${addressOf(ALL)} aria-label="Close"><span aria-hidden="true">×</span></a>
    </div>
    ${error && (isRetried ? html`<${GoneNotice} error=${error} />` : html`<${ErrorNotice} error=${error} />`)}
    ${
      data === undefined
        ? error === undefined && html`<p class="quiet-state" role="status">Loading …</p>`
        : html`<${Shown} schedule=${data} onChange=${() => {
            again()
            onChange()
          }} />`
    }
  </article>`
}

function Shown({ schedule, onChange }: { schedule: Schedule; onChange: () => void }) {
  const { id, name, pause, fault, nextRunAt, request, createdAt, jitter } = schedule
  const { spreadsheet } = request
  const syncs = addressOf({ view: 'syncs', filters: { ...NO_FILTERS, schedule: id } })
  return html`
    <header class="sync-top">
      <h2>${name}</h2>
      <div class="sync-line">
        <${ScheduleState} schedule=${schedule} />
        <span>${ruleWords(schedule)}</span>
        <span class="next-run">${nextRunAt && 'next '}<${NextRun} at=${nextRunAt} /></span>
      </div>
      ${mayWrite.value && html`<${Actions} schedule=${schedule} onChange=${onChange} />`}
    </header>
    ${
      pause &&
      html`<${Notice} kind=${pause.reason === 'user' ? 'note' : 'fault'} title=${PAUSES[pause.reason]}>
        <p>${pause.message} <${Ago} at=${pause.at} />${pause.code && html` <a href=${addressOf({ view: 'syncs', filters: { ...NO_FILTERS, schedule: id, code: pause.code } })}>${pause.code}</a>`}</p>
      <//>`
    }
    ${
      fault &&
      html`<${Notice} kind="note" title=${`The run that is due has not begun: ${fault.code}`}>
        <p>${fault.detail} Since <${Ago} at=${fault.since} />${fault.nextTryAt && html`; tried again <${Ago} at=${fault.nextTryAt} />`}.</p>
      <//>`
    }
    <${Runs} schedule=${schedule} />
    <section class="facts" aria-label="Details">
      <dl>
        <div><dt>Id</dt><dd><code>${id}</code></dd></div>
        <div><dt>Spreadsheet</dt><dd><code>${spreadsheet}</code> <a href=${addressOf({ view: 'rows', spreadsheet, tab: '', more: {} })}>its rows</a></dd></div>
        <div><dt>Syncs</dt><dd><a href=${syncs}>all of this schedule</a></dd></div>
        ${jitter !== null && html`<div><dt>Jitter</dt><dd>${jitter}</dd></div>`}
        <div><dt>Created</dt><dd><${Ago} at=${createdAt} /></dd></div>
      </dl>
      <details><summary>Request</summary><pre tabindex="0" aria-label="The request as JSON">${JSON.stringify(request, null, 2)}</pre></details>
    </section>
  `
}

function Actions({ schedule: { id, state }, onChange }: { schedule: Schedule; onChange: () => void }) {
  const isBusy = useSignal(false)
  const isAsking = useSignal(false)
  const started = useSignal<string | undefined>(undefined)
  const failure = useSignal<SheetsyncError | undefined>(undefined)
  const press = (action: () => Promise<unknown>) => async () => {
    isBusy.value = true
    failure.value = undefined
    try {
      await action()
      onChange()
    } catch (thrown) {
      if (!noteRefusal(thrown)) failure.value = toError(thrown)
    }
    isBusy.value = false
  }
  const run = press(async () => {
    started.value = (await client.peek().runSchedule(id)).id
  })
  const turn = press(() => (state === 'active' ? client.peek().pauseSchedule(id) : client.peek().resumeSchedule(id)))
  const remove = press(async () => {
    await client.peek().deleteSchedule(id)
    go(ALL)
  })
  const close = () => {
    isAsking.value = false
  }
  return html`<div class="actions">
      <button type="button" disabled=${isBusy.value} onClick=${run}>Run now</button>
      <button type="button" disabled=${isBusy.value} onClick=${turn}>${state === 'active' ? 'Pause' : 'Resume'}</button>
      <button type="button" onClick=${() => (isAsking.value = true)}>Delete …</button>
      <span role="status">${started.value && html`Started <a href=${addressOf({ view: 'syncs', filters: NO_FILTERS, sync: started.value })}>a sync</a>`}</span>
    </div>
    ${failure.value && html`<${ErrorNotice} error=${failure.value} />`}
    ${
      isAsking.value &&
      html`<${Dialog} title="Delete this schedule?" onClose=${close}>
        <p>It runs no more. Its syncs and their rows stay.</p>
        ${failure.value && html`<${ErrorNotice} error=${failure.value} />`}
        <div class="dialog-actions">
          <button type="button" class="danger" disabled=${isBusy.value} onClick=${remove}>Delete</button>
          <button type="button" onClick=${close}>Keep it</button>
        </div>
      <//>`
    }`
}
