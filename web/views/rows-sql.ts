import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { SheetsyncError } from 'sheetsync-client'
import { problemError } from 'sheetsync-client/error'
import type { QueryAnswer } from '../../client/src/types.ts'
import { CellGrid } from '../parts/cell-grid.ts'
import { columnWidth, isNumeric } from '../parts/cells.ts'
import { html } from '../parts/html.ts'
import { ErrorNotice } from '../parts/notice.ts'
import { counted } from '../parts/numbers.ts'
import { noteRefusal } from '../state/access.ts'
import { go } from '../state/place.ts'
import { quoted } from '../state/row-question.ts'
import { client, save, toError } from '../state/session.ts'
import { lineStart, placeInSql } from '../state/sql-place.ts'
import type { RowsProps } from './rows.ts'

type Answer = QueryAnswer<Readonly<Record<string, unknown>>>

const LIMITS = [100, 1000, 10_000] as const
const FORMATS = ['csv', 'ndjson', 'parquet'] as const

/** One SELECT over the tabs. It is in the address once it was run, so that it can be shared. */
export function RowsSql({ place, tab, snapshots }: RowsProps) {
  const { more, spreadsheet } = place
  const sql = useSignal(more.sql ?? `SELECT *\nFROM ${quoted(tab.title)}`)
  const limit = useSignal(Number(more.limit ?? LIMITS[0]))
  const answer = useSignal<Answer | undefined>(undefined)
  const error = useSignal<SheetsyncError | undefined>(undefined)
  const running = useSignal<AbortController | undefined>(undefined)
  const text = useRef<HTMLTextAreaElement>(null)
  const ask = async <T>(what: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
    running.value?.abort()
    const own = new AbortController()
    running.value = own
    error.value = undefined
    try {
      return await what(own.signal)
    } catch (thrown) {
      if (!own.signal.aborted && !noteRefusal(thrown)) error.value = toError(thrown)
      return undefined
    } finally {
      if (running.value === own) running.value = undefined
    }
  }
  const question = () => ({ sql: sql.value, params: [], limit: limit.value })
  const run = async () => {
    go({ ...place, more: { show: 'sql', sql: sql.value, limit: String(limit.value) } }, { replace: true })
    answer.value = (await ask((signal) => client.peek().query(spreadsheet, question(), { signal }))) ?? answer.value
  }
  const download = async (format: (typeof FORMATS)[number]) => {
    const file = await ask((signal) =>
      client.peek().query(spreadsheet, question(), { format: format as 'csv', signal }),
    )
    if (file !== undefined) save(new Blob([file]), `query.${format}`)
  }
  useEffect(() => {
    if (more.sql !== undefined) void run()
    return () => running.value?.abort()
  }, [])
  useEffect(() => {
    const at = error.value && placeInSql(error.value.message)
    const { current } = text
    if (at === undefined || current === null) return
    const start = lineStart(sql.value, at.line) + at.column - 1
    current.focus()
    current.setSelectionRange(start, start + 1)
  }, [error.value])
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    void run()
  }
  const isRunning = running.value !== undefined
  return html`<form class="sql" onSubmit=${submit}>
      <label class="unseen" for="sql">SQL</label>
      <textarea
        id="sql"
        ref=${text}
        rows="5"
        spellcheck=${false}
        autocomplete="off"
        value=${sql.value}
        aria-invalid=${error.value !== undefined}
        aria-describedby="sql-note"
        onInput=${(event: InputEvent) => (sql.value = (event.currentTarget as HTMLTextAreaElement).value)}
        onKeyDown=${(event: KeyboardEvent) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run()
        }}
      ></textarea>
      ${error.value && html`<${ErrorNotice} error=${withoutFields(error.value)} />`}
      <div class="sql-line">
        <button type="submit" class="primary" aria-keyshortcuts="Control+Enter" title="Control+Enter">${isRunning ? 'Running …' : 'Run'}</button>
        ${isRunning && html`<button type="button" onClick=${() => running.value?.abort()}>Stop</button>`}
        <label>at most
          <select value=${limit.value} onChange=${(event: Event) => (limit.value = Number((event.currentTarget as HTMLSelectElement).value))}>
            ${LIMITS.map((one) => html`<option value=${one} selected=${one === limit.value}>${counted(one, 'row')}</option>`)}
          </select>
        </label>
        <span class="sql-files">${FORMATS.map((format) => html`<button type="button" class="quiet" disabled=${isRunning} onClick=${() => void download(format)} aria-label=${`Download the answer as ${format}`}>${format}</button>`)}</span>
      </div>
      <p id="sql-note" class="note">
        One SELECT in the dialect of DuckDB. Tables: ${snapshots[0]?.tabs.slice(0, 12).map(({ title }) => html`<code>${quoted(title)}</code> `)}
      </p>
    </form>
    ${answer.value && html`<${AnswerTable} answer=${answer.value} isOld=${isRunning || error.value !== undefined} limit=${limit.value} />`}`
}

/** What is at fault is told once: the field is the one above. */
function withoutFields(error: SheetsyncError): SheetsyncError {
  const { problem } = error
  if (problem === undefined) return error
  const { errors: _, ...rest } = problem
  return problemError({ ...rest, detail: problem.errors?.[0]?.message ?? problem.detail })
}

function AnswerTable({ answer, isOld }: { answer: Answer; isOld: boolean }) {
  const { rows, hasMore } = answer
  const columns = answer.columns.map(({ name, type }) => {
    const longest = Math.max(4, ...rows.slice(0, 100).map((row) => String(row[name] ?? '').length))
    return { name, type: type.toLowerCase(), isNumeric: isNumeric(type), widthPx: columnWidth(name, type, longest) }
  })
  return html`<p class="rows-tools" role="status">
      ${hasMore ? `The first ${counted(rows.length, 'row')}; there are more` : counted(rows.length, 'row')}${isOld && ', of the question before'}
    </p>
    <${CellGrid} key=${answer} label="Answer" columns=${columns} count=${rows.length} rowAt=${(index: number) => rows[index]} />`
}
