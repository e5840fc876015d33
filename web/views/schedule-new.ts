import { useSignal } from '@preact/signals'
import type { SheetsyncError } from 'sheetsync-client'
import { Dialog } from '../parts/dialog.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { noteRefusal } from '../state/access.ts'
import { go } from '../state/place.ts'
import { emptyForm, type ScheduleForm, scheduleBody } from '../state/schedules.ts'
import { client, toError } from '../state/session.ts'
import { Field } from './field.ts'

const FIELDS = ['name', 'request.spreadsheet', 'every', 'cron', 'timeZone']

/** Asks for what a simple schedule needs, and makes it. What else there is, `POST /schedules` takes. */
export function NewSchedule({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const form = useSignal<ScheduleForm>(emptyForm())
  const failure = useSignal<SheetsyncError | undefined>(undefined)
  const isMaking = useSignal(false)
  const faults = failure.value?.errors ?? []
  const isTold = faults.length > 0 && faults.every(({ field }) => FIELDS.includes(field))
  const change = (part: Partial<ScheduleForm>) => {
    form.value = { ...form.value, ...part }
  }
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (isMaking.value) return
    isMaking.value = true
    failure.value = undefined
    try {
      const { id } = await client.peek().createSchedule(scheduleBody(form.value))
      onMade()
      onClose()
      go({ view: 'schedules', more: { schedule: id } })
    } catch (thrown) {
      if (!noteRefusal(thrown)) failure.value = toError(thrown)
    }
    isMaking.value = false
  }
  const { kind } = form.value
  const field = (name: string, key: 'name' | 'spreadsheet' | 'every' | 'cron' | 'timeZone', label: string, more = {}) =>
    html`<${Field} name=${name} label=${label} faults=${faults} value=${form.value[key]} onValue=${(value: string) => change({ [key]: value })} ...${more} />`
  return html`<${Dialog} title="New schedule" onClose=${onClose}>
    <form class="schedule-form" onSubmit=${submit} noValidate>
      ${field('name', 'name', 'Name', { placeholder: 'Prices, every morning' })}
      ${field('request.spreadsheet', 'spreadsheet', 'Spreadsheet', { placeholder: 'A Google Sheets URL or id' })}
      <fieldset class="field">
        <legend>Runs</legend>
        <div class="checks">
          ${(['every', 'cron'] as const).map(
            (one) =>
              html`<label class="check"><input type="radio" name="kind" value=${one} checked=${kind === one} onChange=${() => change({ kind: one })} />${one === 'every' ? 'every so often' : 'at the times of a cron line'}</label>`,
          )}
        </div>
      </fieldset>
      ${
        kind === 'every'
          ? field('every', 'every', 'Every', { note: '15m, 2h, 1d' })
          : html`<div class="field-pair">
              ${field('cron', 'cron', 'Cron', { note: 'minute, hour, day of month, month, day of week' })}
              ${field('timeZone', 'timeZone', 'Time zone', { note: 'such as Europe/Berlin' })}
            </div>`
      }
      ${failure.value && !isTold && html`<${ErrorNotice} error=${failure.value} />`}
      <div class="dialog-actions">
        <button type="button" onClick=${onClose}>Cancel</button>
        <button type="submit" class="primary" disabled=${isMaking.value}>${isMaking.value ? 'Creating …' : 'Create schedule'}</button>
      </div>
    </form>
  <//>`
}
