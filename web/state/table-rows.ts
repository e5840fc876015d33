import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { SheetsyncError } from 'sheetsync-client'
import { retryMs, useAsked } from './asked.ts'
import { RowPages } from './row-pages.ts'
import { type RowQuestion, rowsQuery } from './row-question.ts'
import { client, toError } from './session.ts'

type RowRecord = Readonly<Record<string, unknown>>

export interface TableRows {
  /** How many rows fit; `undefined` until that is known. */
  readonly count: number | undefined
  readonly at: (index: number) => RowRecord | undefined
  readonly want: (first: number, end: number) => void
  /** Grows whenever there are other rows to show. */
  readonly version: ReadonlySignal<number>
  readonly error: SheetsyncError | undefined
  /** Whether what failed is tried again by itself. */
  readonly isRetried: boolean
}

interface TableRowsOptions {
  readonly spreadsheet: string
  readonly tab: string
  readonly columns: number
  /** The newest snapshot that is known: with another one the rows are asked for anew. */
  readonly syncId: string
  readonly question: RowQuestion
  /** Rows of the tab, so that they need not be counted where nothing filters. */
  readonly allRows: number
  /** Told when the service answers with rows of another snapshot. */
  readonly onSnapshot: () => void
}

/** Cells of a page, and of all pages that are kept. */
const PAGE_CELLS = 4000
const MOST_CELLS = 240_000

function rowsOfPage(columns: number): number {
  return Math.max(20, Math.min(250, Math.floor(PAGE_CELLS / Math.max(1, columns))))
}

/** The rows of a tab that fit, page by page as they come in sight. */
export function useTableRows({
  spreadsheet,
  tab,
  columns,
  syncId,
  question,
  allRows,
  onSnapshot,
}: TableRowsOptions): TableRows {
  const pageRows = rowsOfPage(columns)
  const asked = JSON.stringify(question)
  const version = useSignal(0)
  const failure = useSignal<{ readonly error: SheetsyncError; readonly isRetried: boolean } | undefined>(undefined)
  const pages = useRef<RowPages<RowRecord> | undefined>(undefined)
  const seen = useRef<readonly [first: number, end: number]>([0, 0])
  const keys = [spreadsheet, tab, syncId, asked, pageRows]
  const query = rowsQuery(question)
  const counting = query.where === undefined ? {} : ({ count: 'exact' } as const)
  const [first] = useAsked(
    (signal) => client.peek().rows(spreadsheet, tab, { ...query, limit: pageRows, ...counting }, { signal }),
    keys,
  )
  const { data, error, isRetried = false } = first.value
  const count = query.where === undefined ? allRows : (data?.count ?? undefined)

  useEffect(() => {
    if (data === undefined) return
    failure.value = undefined
    const opened = new RowPages<RowRecord>({
      pageRows,
      mostPages: Math.max(4, Math.floor(MOST_CELLS / (pageRows * Math.max(1, columns)))),
      read: (offset, limit, signal) => client.peek().rows(spreadsheet, tab, { ...query, offset, limit }, { signal }),
      onChange: () => version.value++,
      onSnapshot,
      onFailure(thrown) {
        if (thrown === undefined) {
          failure.value = undefined
          return undefined
        }
        const failed = toError(thrown)
        const waitMs = retryMs(failed)
        failure.value = { error: failed, isRetried: waitMs !== undefined }
        return waitMs
      },
    })
    pages.current = opened
    opened.put(0, data)
    opened.want(...seen.current, data.count ?? allRows)
    return () => {
      opened.close()
      pages.current = undefined
    }
  }, [data])

  return {
    count,
    at: (index) => pages.current?.at(index),
    want(firstRow, end) {
      seen.current = [firstRow, end]
      pages.current?.want(firstRow, end, count ?? 0)
    },
    version,
    error: failure.value?.error ?? error,
    isRetried: failure.value?.isRetried ?? isRetried,
  }
}
