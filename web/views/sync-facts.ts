import type { Sync } from '../../client/src/types.ts'
import { Copy } from '../parts/copy.ts'
import { type Child, html } from '../parts/html.ts'
import { counted } from '../parts/numbers.ts'
import { Ago } from '../parts/times.ts'
import { addressOf } from '../state/address.ts'
import { NO_FILTERS } from '../state/filters.ts'
import { filters } from '../state/syncs.ts'

/** All else that is known of a sync, by the names that the API has for it. */
export function SyncFacts({ sync }: { sync: Sync }) {
  const { id, spreadsheet, request, labels, webhook, retryOf, scheduleId } = sync
  const facts: readonly (readonly [name: string, value: Child])[] = [
    ['Id', html`<code>${id}</code> <${Copy} text=${id} label="Copy the id" />`],
    [
      'Spreadsheet',
      html`<code>${spreadsheet.id}</code> <a href=${listOf({ spreadsheet: spreadsheet.id })}>its syncs</a>`,
    ],
    ['Created', html`<${Ago} at=${sync.createdAt} />`],
    ['Finished', sync.finishedAt && html`<${Ago} at=${sync.finishedAt} />`],
    ['Forgotten', sync.expiresAt && html`<${Ago} at=${sync.expiresAt} />`],
    ['Attempt', sync.attempt > 1 && String(sync.attempt)],
    ['Outcome', sync.outcome],
    ['Consistent', consistencyWords(sync.consistent)],
    ['Formats', request.formats.join(', ')],
    [
      'Retry of',
      retryOf &&
        html`<a href=${addressOf({ view: 'syncs', filters: filters.value, sync: retryOf })}><code>${retryOf}</code></a>`,
    ],
    ['Schedule', scheduleId && html`<a href=${listOf({ schedule: scheduleId })}><code>${scheduleId}</code></a>`],
    [
      'Labels',
      Object.keys(labels).length > 0 &&
        Object.entries(labels).map(
          ([name, value]) =>
            html`<a class="label" href=${listOf({ label: [`${name}=${value}`] })}>${name}=${value}</a> `,
        ),
    ],
    ['Error code', sync.error && html`<a href=${listOf({ code: sync.error.code })}>${sync.error.code}</a>`],
    [
      'Webhook',
      webhook && html`${webhook.state}, ${counted(webhook.tries, 'try', 'tries')}: <code>${webhook.url}</code>`,
    ],
  ]
  return html`<section class="facts" aria-label="Details">
    <dl>
      ${facts.map(([name, value]) => value && html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
    <details>
      <summary>Request</summary>
      <pre tabindex="0" aria-label="The request as JSON">${JSON.stringify(request, null, 2)}</pre>
    </details>
  </section>`
}

function listOf(part: Partial<typeof NO_FILTERS>): string {
  return addressOf({ view: 'syncs', filters: { ...NO_FILTERS, ...part } })
}

function consistencyWords(consistent: Sync['consistent']): string | undefined {
  if (consistent === null) return undefined
  if (consistent === 'unknown') return 'unknown: Drive did not say whether it changed meanwhile'
  return consistent ? 'yes: nobody edited it meanwhile' : 'no: somebody edited it meanwhile'
}
