import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { Sync } from '../../client/src/types.ts'
import { Bar } from '../parts/bar.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice, Notice, ProblemNotice } from '../parts/notice.ts'
import { count, counted } from '../parts/numbers.ts'
import { StateMark } from '../parts/state-mark.ts'
import { Elapsed } from '../parts/times.ts'
import { useTitle } from '../parts/title.ts'
import { activityOf, partOf } from '../parts/words.ts'
import { now } from '../state/clock.ts'
import { isActive, isHindered } from '../state/listed-sync.ts'
import { actionError, followSync, type OpenSync } from '../state/sync.ts'
import { closeSync } from './list-keys.ts'
import { SyncActions } from './sync-actions.ts'
import { SyncCharts } from './sync-charts.ts'
import { SyncFacts } from './sync-facts.ts'
import { SyncTabs } from './sync-tabs.ts'

/** One sync, followed to its end. */
export function SyncDetail({ id }: { id: string }) {
  const open = useSignal<OpenSync>({ is: 'loading' })
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    actionError.value = undefined
    return followSync(id, (sync) => (open.value = sync))
  }, [id])
  // Where it is shown alone, the list that had the focus is gone.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus()
  }, [id, open.value.is])
  return html`<article class="sync-pane" aria-label="Sync">
    <div class="pane-top">
      <button type="button" class="quiet back" onClick=${() => closeSync()}>
        <span aria-hidden="true">←</span> All syncs
      </button>
      <button type="button" class="quiet close" aria-label="Close" title="Close (Escape)" onClick=${() => closeSync()}>
        <span aria-hidden="true">×</span>
      </button>
    </div>
    ${content(open.value, heading)}
  </article>`
}

function content(open: OpenSync, heading: { current: HTMLHeadingElement | null }) {
  switch (open.is) {
    case 'loading':
      return html`<p class="quiet-state" role="status">Loading …</p>`
    case 'missing':
      return html`<${Notice} kind="note" title="This sync is not there any more">
        <p class="hint">${open.error.hint}</p>
        <p>${open.error.message}</p>
      <//>`
    case 'failed':
      return html`<${ErrorNotice} error=${open.error} />`
    case 'shown':
      return html`<${Shown} sync=${open.sync} heading=${heading} />`
  }
}

function Shown({ sync, heading }: { sync: Sync; heading: { current: HTMLHeadingElement | null } }) {
  const { spreadsheet, warnings } = sync
  useTitle(`${sync.state}: ${spreadsheet.title ?? spreadsheet.id}`)
  return html`
    <header class="sync-top">
      <h2 ref=${heading} tabindex="-1" class=${spreadsheet.title === null ? 'untitled' : undefined}>${spreadsheet.title ?? spreadsheet.id}</h2>
      <p class="sync-line">
        <${StateMark} state=${sync.state} />
        <a href=${spreadsheet.url} target="_blank" rel="noopener noreferrer">Open in Google Sheets</a>
      </p>
      <${SyncActions} sync=${sync} />
    </header>
    ${actionError.value && html`<${ErrorNotice} error=${actionError.value} />`}
    ${sync.error && html`<${ProblemNotice} problem=${sync.error} />`}
    <${Progress} sync=${sync} />
    ${
      warnings.length > 0 &&
      html`<${Notice} title=${counted(warnings.length, 'warning')}>
        <ul class="warnings">
          ${warnings.map(
            ({ message, tab, count: times }) =>
              html`<li>${tab !== null && !message.includes(tab) && html`<strong>${tab}: </strong>`}${message}${times > 1 && html` <span class="muted">(${count(times)} times)</span>`}</li>`,
          )}
        </ul>
      <//>`
    }
    <${SyncTabs} sync=${sync} />
    <${SyncCharts} sync=${sync} />
    <${SyncFacts} sync=${sync} />
  `
}

function Progress({ sync }: { sync: Sync }) {
  const { progress, state } = sync
  const hindered = isHindered(sync)
  const words = isActive(sync) ? activityOf(sync, now.value) : ''
  return html`<section class="sync-progress" aria-label="Progress">
    ${isActive(sync) && html`<${Bar} percent=${progress.percent} label="Progress" state=${hindered ? 'hindered' : state} />`}
    ${words && html`<p class="words" data-hindered=${hindered}>${words}</p>`}
    ${hindered && progress.fault && progress.fault.tries > 0 && html`<p class="note">${progress.fault.detail}</p>`}
    <dl class="numbers">
      <div><dt>Rows</dt><dd>${count(progress.rowsDone)}</dd></div>
      <div><dt>Tabs</dt><dd>${partOf(progress.tabsDone, progress.tabsTotal)}</dd></div>
      <div><dt>Cells</dt><dd>${count(progress.cellsDone)}</dd></div>
      <div><dt>Calls</dt><dd>${count(progress.apiCalls)}</dd></div>
      <div><dt>Time</dt><dd><${Elapsed} sync=${sync} /></dd></div>
    </dl>
  </section>`
}
