import type { ServiceStatus } from '../../client/src/types.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice, Notice } from '../parts/notice.ts'
import { count, counted, duration, moment } from '../parts/numbers.ts'
import { Ago } from '../parts/times.ts'
import { useTitle } from '../parts/title.ts'
import { addressOf } from '../state/address.ts'
import { useAsked } from '../state/asked.ts'
import { NO_FILTERS } from '../state/filters.ts'
import { readHealth } from '../state/health.ts'
import { GoneNotice } from './gone.ts'
import { Budgets, Credentials } from './health-google.ts'
import { Mark, NotTold, Part } from './health-part.ts'

const AGAIN_MS = 5000

/** Google's budgets, the queue, the storage, the instances. */
export function HealthView() {
  useTitle('Health')
  const [asked] = useAsked(readHealth, [], { everyMs: AGAIN_MS })
  const { data, error, isRetried } = asked.value
  return html`<section class="health">
    <header class="view-top"><h1>Health</h1>${data?.status && html`<${Version} status=${data.status} />`}</header>
    ${error && (isRetried ? html`<${GoneNotice} error=${error} />` : html`<${ErrorNotice} error=${error} />`)}
    ${data === undefined && error === undefined && html`<p class="quiet-state" role="status">Loading …</p>`}
    ${
      data &&
      html`<div class="health-grid">
        <${Queue} queue=${data.status?.queue} schedules=${data.status?.schedules} />
        <${Storage} storage=${data.status?.storage} syncs=${data.status?.syncs} />
        <${Budgets} budgets=${data.status?.budgets} />
        <${Credentials} credentials=${data.credentials} />
        <${Instances} status=${data.status} />
      </div>`
    }
  </section>`
}

function Version({ status: { version, uptimeSeconds } }: { status: ServiceStatus }) {
  return html`<p class="muted">Sheetsync ${version}, up ${duration(uptimeSeconds * 1000)}</p>`
}

const QUEUE = [
  ['queued', 'Queued', ['queued', 'interrupted']],
  ['running', 'Running', ['running', 'cancelling']],
  ['waiting', 'Waiting for quota', ['running']],
] as const

function Queue({
  queue,
  schedules,
}: {
  queue: ServiceStatus['queue'] | undefined
  schedules: ServiceStatus['schedules'] | undefined
}) {
  return html`<${Part} title="Queue">
    ${
      queue
        ? html`<dl class="numbers">
            ${QUEUE.map(
              ([name, label, state]) =>
                html`<div><dt>${label}</dt><dd><a href=${addressOf({ view: 'syncs', filters: { ...NO_FILTERS, state } })}>${count(queue[name])}</a></dd></div>`,
            )}
            ${schedules && html`<div><dt>Schedules</dt><dd><a href=${addressOf({ view: 'schedules', more: {} })}>${count(schedules.active)}</a>${schedules.paused > 0 && html` <span class="muted">and ${count(schedules.paused)} paused</span>`}</dd></div>`}
          </dl>`
        : html`<${NotTold} isLate=${queue === null} />`
    }
  <//>`
}

const KINDS = { file: 'files', redis: 'Redis', postgres: 'PostgreSQL' } as const

function Storage({
  storage,
  syncs,
}: {
  storage: ServiceStatus['storage'] | undefined
  syncs: ServiceStatus['syncs'] | undefined
}) {
  if (storage === undefined) return html`<${Part} title="Storage"><${NotTold} isLate=${false} /><//>`
  const { kind, healthy, error } = storage
  return html`<${Part} title="Storage">
    <p class="sync-line"><${Mark} isWell=${healthy} words=${healthy ? 'writable' : 'not writable'} /> <span class="muted">${KINDS[kind]}</span></p>
    ${syncs && html`<p class="muted">${keptWords(syncs)}</p>`}
    ${error && html`<${Notice} kind="fault" title=${error.code} isUrgent><p>${error.detail}</p><//>`}
  <//>`
}

function keptWords(syncs: NonNullable<ServiceStatus['syncs']>): string {
  const kept = Object.entries(syncs).filter(([, number]) => number > 0)
  const all = counted(
    kept.reduce((sum, [, number]) => sum + number, 0),
    'sync',
    'syncs',
  )
  return kept.length === 0
    ? `${all} kept`
    : `${all} kept: ${kept.map(([state, number]) => `${count(number)} ${state}`).join(', ')}`
}

function Instances({ status }: { status: ServiceStatus | undefined }) {
  const instances = status?.instances
  if (instances?.length === 0) {
    return html`<${Part} title="Instances"><p class="muted">Only a key with the scope admin is told of them.</p><//>`
  }
  return html`<${Part} title="Instances" note=${instances && `${counted(instances.length, 'process', 'processes')} on this storage`}>
    ${
      instances
        ? html`<table class="plain instances">
            <thead><tr><th scope="col">Instance</th><th scope="col">Role</th><th scope="col">Host</th><th scope="col">Since</th><th scope="col">Last seen</th></tr></thead>
            <tbody>${instances.map(
              ({ id, role, host, since, lastSeenAt }) => html`<tr key=${id}>
                <th scope="row"><code>${id}</code>${id === status?.instance && html`<span class="note">answers this page</span>`}</th>
                <td>${role}</td><td>${host}</td><td title=${moment(since)}><${Ago} at=${since} /></td><td><${Ago} at=${lastSeenAt} /></td>
              </tr>`,
            )}</tbody>
          </table>`
        : html`<${NotTold} isLate=${instances === null} />`
    }
  <//>`
}
