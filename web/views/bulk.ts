import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Bar } from '../parts/bar.ts'
import { Dialog } from '../parts/dialog.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { count, counted } from '../parts/numbers.ts'
import { type BulkAction, type BulkProgress, doAll, idsFor, MOST_AT_ONCE } from '../state/bulk.ts'
import { filterParameters } from '../state/filters.ts'
import { toError } from '../state/session.ts'
import { filters } from '../state/syncs.ts'

const WORDS = {
  retry: { verb: 'Retry', doing: 'Retried', none: 'No sync that this filter shows failed or was cancelled.' },
  cancel: { verb: 'Cancel', doing: 'Cancelled', none: 'No sync that this filter shows is active.' },
} as const

/** Retries or cancels all that the filter shows. */
export function BulkView() {
  const action = useSignal<BulkAction | undefined>(undefined)
  return html`<div class="bulk">
    <button type="button" class="quiet" onClick=${() => (action.value = 'retry')}>Retry all …</button>
    <button type="button" class="quiet" onClick=${() => (action.value = 'cancel')}>Cancel all …</button>
    ${action.value && html`<${BulkDialog} action=${action.value} onClose=${() => (action.value = undefined)} />`}
  </div>`
}

type Step =
  | { readonly is: 'counting'; readonly count: number }
  | { readonly is: 'counted'; readonly ids: readonly string[] }
  | { readonly is: 'doing' | 'done'; readonly ids: readonly string[]; readonly progress: BulkProgress }
  | { readonly is: 'failed'; readonly error: unknown }

const NOTHING_DONE: BulkProgress = { done: 0, failed: 0, errors: new Map() }

function BulkDialog({ action, onClose }: { action: BulkAction; onClose: () => void }) {
  const step = useSignal<Step>({ is: 'counting', count: 0 })
  const ended = useRef(new AbortController())
  // As they were when the dialog came up: what is confirmed is what was counted.
  const asked = useRef(filters.peek())
  const { verb } = WORDS[action]
  useEffect(() => {
    const { signal } = ended.current
    const onCount = (counted: number) => (step.value = { is: 'counting', count: counted })
    idsFor(action, asked.current, { signal, onCount }).then(
      (ids) => (step.value = { is: 'counted', ids }),
      (error) => (step.value = { is: 'failed', error }),
    )
    return () => ended.current.abort()
  }, [])
  const confirm = async (ids: readonly string[]) => {
    step.value = { is: 'doing', ids, progress: NOTHING_DONE }
    let progress = NOTHING_DONE
    const onProgress = (next: BulkProgress) => {
      progress = next
      step.value = { is: 'doing', ids, progress }
    }
    await doAll(action, ids, { signal: ended.current.signal, onProgress })
    if (!ended.current.signal.aborted) step.value = { is: 'done', ids, progress }
  }
  return html`<${Dialog} title=${`${verb} all that the list shows`} onClose=${onClose}>
    <${StepView} action=${action} step=${step.value} shown=${filterWords(asked.current)} />
    <div class="dialog-actions">
      ${
        step.value.is === 'counted' &&
        step.value.ids.length > 0 &&
        html`<button type="button" class=${action === 'cancel' ? 'danger' : 'primary'} onClick=${() => step.value.is === 'counted' && confirm(step.value.ids)}>
          ${verb} ${counted(step.value.ids.length, 'sync')}
        </button>`
      }
      <button type="button" onClick=${onClose}>${step.value.is === 'doing' ? 'Stop' : 'Close'}</button>
    </div>
  <//>`
}

function StepView({ action, step, shown }: { action: BulkAction; step: Step; shown: string }) {
  const { verb, doing, none } = WORDS[action]
  switch (step.is) {
    case 'counting':
      return html`<p role="status">Counting … ${step.count > 0 && count(step.count)}</p>`
    case 'failed':
      return html`<${ErrorNotice} error=${toError(step.error)} />`
    case 'counted':
      if (step.ids.length === 0) return html`<p role="status">${none}</p>`
      return html`<p role="status"><strong>${counted(step.ids.length, 'sync')}</strong> ${step.ids.length === 1 ? 'matches' : 'match'} ${shown}.</p>
        ${step.ids.length >= MOST_AT_ONCE && html`<p class="note">There may be more; ${verb.toLowerCase()} them after these.</p>`}
        <p>${action === 'retry' ? 'Each is started once more, under a new id.' : 'Each ends as soon as it can. What was read is not published.'}</p>`
    case 'doing':
    case 'done': {
      const { ids, progress } = step
      return html`
        <${Bar} percent=${((progress.done + progress.failed) / ids.length) * 100} label=${doing} state=${step.is === 'done' ? 'succeeded' : 'running'} />
        <p role="status">${doing} ${count(progress.done)} of ${count(ids.length)}${progress.failed > 0 && `; ${count(progress.failed)} failed`}.</p>
        ${[...progress.errors.values()].map(
          ({ error, count: times }) =>
            html`<p class="field-error"><strong>${error.hint ?? error.message}</strong> <code>${error.code}</code>, ${counted(times, 'time')}</p>`,
        )}
      `
    }
  }
}

function filterWords(asked: typeof filters.value): string {
  const words = filterParameters(asked).map(([name, text]) => `${name}: ${text}`)
  return words.length === 0 ? 'the list, which has no filter' : words.join(', ')
}
