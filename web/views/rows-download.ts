import { useSignal } from '@preact/signals'
import type { SheetsyncError } from 'sheetsync-client'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { formatsOf, type HeldSnapshot, type HeldTab } from '../state/held-tabs.ts'
import { download, toError } from '../state/session.ts'

interface RowsDownloadProps {
  readonly spreadsheet: string
  readonly title: string
  readonly tab: HeldTab
  readonly snapshots: readonly HeldSnapshot[]
}

/** The files of a tab, whole, in every format that there is. */
export function RowsDownload({ spreadsheet, title, tab, snapshots }: RowsDownloadProps) {
  const busy = useSignal('')
  const error = useSignal<SheetsyncError | undefined>(undefined)
  const path = `/spreadsheets/${encodeURIComponent(spreadsheet)}/tabs/${encodeURIComponent(`gid:${tab.gid}`)}`
  const save = (format: string, name: string) => async (event: MouseEvent) => {
    event.preventDefault()
    busy.value = format
    error.value = undefined
    try {
      await download(`${path}?format=${format}`, name)
    } catch (thrown) {
      error.value = toError(thrown)
    }
    busy.value = ''
  }
  return html`<div class="rows-files" role="group" aria-label="Download">
    <span class="muted">Download</span>
    ${formatsOf(snapshots, tab.gid).map((format) => {
      const name = `${title} - ${tab.title}.${format}`
      return html`<a
        href=${`.${path}?format=${format}`}
        download=${name}
        aria-busy=${busy.value === format}
        onClick=${save(format, name)}
      >${format}${busy.value === format && ' …'}</a>`
    })}
    ${error.value && html`<${ErrorNotice} error=${error.value} />`}
  </div>`
}
