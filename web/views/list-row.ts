import { Bar } from '../parts/bar.ts'
import { html } from '../parts/html.ts'
import { count, counted } from '../parts/numbers.ts'
import { StateMark } from '../parts/state-mark.ts'
import { Ago, Elapsed } from '../parts/times.ts'
import { activityOf, partOf } from '../parts/words.ts'
import { addressOf } from '../state/address.ts'
import { now } from '../state/clock.ts'
import { isActive, isHindered, type ListedSync } from '../state/listed-sync.ts'
import { filters } from '../state/syncs.ts'
import { showSync } from './list-keys.ts'

/** The columns, in this order; the styles say which there is room for. */
export const COLUMNS = [
  { name: 'c-state', label: 'State' },
  { name: 'c-title', label: 'Spreadsheet' },
  { name: 'c-progress', label: 'Progress' },
  { name: 'c-rows', label: 'Rows' },
  { name: 'c-tabs', label: 'Tabs' },
  { name: 'c-calls', label: 'Calls' },
  { name: 'c-time', label: 'Time' },
  { name: 'c-created', label: 'Created' },
] as const

interface SyncRowProps {
  readonly sync: ListedSync
  readonly index: number
  readonly isOpen: boolean
  /** Whether the Tab key stops here. */
  readonly isStop: boolean
}

/** One sync of the list. It is drawn anew only when one of these changes: who reads a signal is spared the rest. */
export function SyncRow({ sync, index, isOpen, isStop }: SyncRowProps) {
  const { id, spreadsheet, progress, labels } = sync
  const open = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    showSync(id)
  }
  return html`<div
    role="row"
    class="row"
    aria-rowindex=${index + 2}
    aria-selected=${isOpen}
    tabindex=${isStop ? 0 : -1}
    data-id=${id}
    data-worded=${sync.error !== null || isHindered(sync)}
    onClick=${open}
  >
    <span role="gridcell" class="cell c-state"><${StateMark} state=${sync.state} /></span>
    <span role="gridcell" class="cell c-title">
      <a href=${addressOf({ view: 'syncs', filters: filters.value, sync: id })} tabindex="-1" class=${spreadsheet.title === null ? 'untitled' : undefined}>${spreadsheet.title ?? spreadsheet.id}</a>
      ${Object.entries(labels).map(([name, value]) => html`<span class="label">${name}=${value}</span>`)}
    </span>
    <span role="gridcell" class="cell c-progress"><${Progress} sync=${sync} /></span>
    <span role="gridcell" class="cell c-rows">${count(progress.rowsDone)}</span>
    <span role="gridcell" class="cell c-tabs">${partOf(progress.tabsDone, progress.tabsTotal)}</span>
    <span role="gridcell" class="cell c-calls">${count(progress.apiCalls)}</span>
    <span role="gridcell" class="cell c-time"><${Elapsed} sync=${sync} /></span>
    <span role="gridcell" class="cell c-created"><${Ago} at=${sync.createdAt} /></span>
  </div>`
}

function Progress({ sync }: { sync: ListedSync }) {
  const { state, progress } = sync
  const words = activityOf(sync, isActive(sync) ? now.value : 0)
  const hindered = isHindered(sync)
  return html`
    ${isActive(sync) && html`<${Bar} percent=${state === 'queued' ? 0 : progress.percent} label="Progress" state=${hindered ? 'hindered' : state} />`}
    <span class="words" data-hindered=${hindered} title=${words}>${words}</span>
    ${sync.warnings > 0 && html`<span class="warns"><span aria-hidden="true">△ </span>${counted(sync.warnings, 'warning')}</span>`}
  `
}
