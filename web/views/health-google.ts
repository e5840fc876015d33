import type { Credential } from '../../client/src/types.ts'
import { html } from '../parts/html.ts'
import { Notice } from '../parts/notice.ts'
import { count, secondsUntil } from '../parts/numbers.ts'
import { Ago } from '../parts/times.ts'
import { now } from '../state/clock.ts'
import { type Budget, byProject } from '../state/health.ts'
import { Mark, NotTold, Part } from './health-part.ts'

/** Google's reads a minute: of each account, by project. */
export function Budgets({ budgets }: { budgets: readonly Budget[] | null | undefined }) {
  return html`<${Part} title="Google's budget" note="Reads that count now, of those that Google allows a minute">
    ${
      budgets
        ? budgets.length === 0
          ? html`<p class="muted">Nothing has been read within the last minute.</p>`
          : byProject(budgets).map(
              ({ project, budgets: own }) => html`<table class="plain budgets" key=${project}>
                <caption class="note">Project <code>${project}</code></caption>
                <tbody>${own.map((budget) => html`<${BudgetRow} key=${budget.name} budget=${budget} />`)}</tbody>
              </table>`,
            )
        : html`<${NotTold} isLate=${budgets === null} />`
    }
  <//>`
}

function BudgetRow({ budget }: { budget: Budget }) {
  const { name, limit, used, waiting, waitingUntil } = budget
  const share = limit === 0 ? 1 : Math.min(1, used / limit)
  return html`<tr>
    <th scope="row">${name}</th>
    <td>
      <span
        class="meter budget"
        data-state=${share >= 1 ? 'hindered' : 'running'}
        role="meter"
        aria-label=${`Reads of ${name}`}
        aria-valuemin="0"
        aria-valuemax=${limit}
        aria-valuenow=${Math.min(used, limit)}
      ><span style=${{ transform: `scaleX(${share})` }}></span></span>
    </td>
    <td class="number">${count(used)} of ${count(limit)}</td>
    <td class="hindered">${waitWords(waiting, waitingUntil)}</td>
  </tr>`
}

function waitWords(waiting: number, waitingUntil: string | null): string {
  const until = waitingUntil === null ? '' : `next try in ${secondsUntil(waitingUntil, now.value)} s`
  return [waiting > 0 && `${count(waiting)} waiting`, until].filter(Boolean).join(', ')
}

const WORDS = { unused: 'not used yet', ok: 'works', failing: 'fails' } as const

/** Which Google accounts there are to read with, and whether Google lets them. */
export function Credentials({ credentials }: { credentials: readonly Credential[] | undefined }) {
  return html`<${Part} title="Credentials">
    ${credentials === undefined && html`<${NotTold} isLate=${false} />`}
    ${credentials?.length === 0 && html`<p class="muted">There are none that this key may use.</p>`}
    ${
      credentials !== undefined &&
      credentials.length > 0 &&
      html`<table class="plain">
        <thead><tr><th scope="col">Name</th><th scope="col">Account</th><th scope="col">State</th></tr></thead>
        <tbody>${credentials.map((one) => html`<${CredentialRow} key=${one.name} credential=${one} />`)}</tbody>
      </table>`
    }
  <//>`
}

function CredentialRow({ credential }: { credential: Credential }) {
  const { name, account, kind, project, health, error, lastUsedAt } = credential
  return html`<tr>
    <th scope="row">${name}<span class="note">${kind}${project && `, project ${project}`}</span></th>
    <td>${account ?? html`<span class="muted">–</span>`}</td>
    <td>
      ${health === 'unused' ? html`<span class="muted">${WORDS.unused}</span>` : html`<${Mark} isWell=${health === 'ok'} words=${WORDS[health]} />`}
      ${lastUsedAt && html`<span class="note">used <${Ago} at=${lastUsedAt} /></span>`}
      ${error && html`<${Notice} kind="fault" title=${error.code}>${error.hint && html`<p class="hint">${error.hint}</p>`}<p>${error.detail} <${Ago} at=${error.at} /></p><//>`}
    </td>
  </tr>`
}
