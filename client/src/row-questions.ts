import { reached } from './error.ts'
import type { CallOptions } from './limited-signal.ts'
import { rowsOf } from './row-stream.ts'
import type { QueryAnswer, QueryRequest, Row, RowsPage, TabChanges, TabSchema } from './types.ts'

/** What is asked of the rows of a tab. */
export interface RowsQuestion {
  /** Columns, in this order; all without it. */
  readonly select?: readonly string[]
  /** A SQL expression over the columns, in the dialect of DuckDB; values go into `params`, and a `?` stands for each. */
  readonly where?: string
  readonly params?: readonly (string | number | boolean)[]
  /** Such as `Price desc, "Order"`; rows that are equal then come as in the tab. */
  readonly order?: string
  /** Rows of a page, 1 to 10,000; 100 without it. */
  readonly limit?: number
  /** Rows before the page; not together with a cursor. */
  readonly offset?: number
  /** `nextCursor` of the page before, with the same question. */
  readonly cursor?: string
  /** `exact`: tells how many rows there are in all. */
  readonly count?: 'exact'
}

/** What has changed in a tab. */
export interface ChangesQuestion {
  /** The id of the sync whose snapshot the rows are compared with. */
  readonly since: string
  /** Columns that tell rows apart; without them rows are compared whole. */
  readonly key?: readonly string[]
  /** Changes of a page, 1 to 1,000; 100 without it. */
  readonly limit?: number
  /** `nextCursor` of the page before, with the same question. */
  readonly cursor?: string
}

type GetBytes = (path: string, accept: string, options?: CallOptions, body?: object) => Promise<Response>

/** The calls of a client that ask about rows. `R`: what a row is; nobody checks that it is. */
export function rowQuestions(getBytes: GetBytes) {
  /** One page of the rows that fit. */
  async function rows<R = Readonly<Record<string, unknown>>>(
    spreadsheetId: string,
    tab: string,
    question: RowsQuestion = {},
    options: CallOptions = {},
  ): Promise<RowsPage<R>> {
    const { select, params = [], ...others } = question
    const path = `${tabPath(spreadsheetId, tab)}/rows?${searchOf({ select: listOf(select), ...others }, params)}`
    const response = await getBytes(path, 'application/json', options)
    return reached(response.json() as Promise<RowsPage<R>>, options)
  }

  /** Every row that fits, page after page, all of one snapshot; `limit`: rows of a page, default 1000. */
  async function* eachRow<R = Readonly<Record<string, unknown>>>(
    spreadsheetId: string,
    tab: string,
    question: Omit<RowsQuestion, 'count'> = {},
    options: CallOptions = {},
  ): AsyncGenerator<R, void, undefined> {
    const { offset, cursor: first, ...asked } = { limit: 1000, ...question }
    let place: RowsQuestion = first === undefined ? { ...(offset !== undefined && { offset }) } : { cursor: first }
    for (;;) {
      const page = await rows<R>(spreadsheetId, tab, { ...asked, ...place }, options)
      yield* page.rows
      if (page.nextCursor === null) return
      place = { cursor: page.nextCursor }
    }
  }

  /** The answer to one SELECT over the tabs of the latest snapshot, each a table by its title and its slug. */
  function query<R = Readonly<Record<string, unknown>>>(
    spreadsheetId: string,
    body: QueryRequest,
    options?: CallOptions & { readonly format?: 'json' },
  ): Promise<QueryAnswer<R>>
  /** The same as the text of a file. */
  function query(
    spreadsheetId: string,
    body: QueryRequest,
    options: CallOptions & { readonly format: 'csv' | 'ndjson' },
  ): Promise<string>
  /** The same as the bytes of a Parquet file. */
  function query(
    spreadsheetId: string,
    body: QueryRequest,
    options: CallOptions & { readonly format: 'parquet' },
  ): Promise<ArrayBuffer>
  async function query(
    spreadsheetId: string,
    body: QueryRequest,
    { format = 'json', signal }: CallOptions & { readonly format?: 'json' | 'csv' | 'ndjson' | 'parquet' } = {},
  ): Promise<unknown> {
    const path = `/spreadsheets/${encodeURIComponent(spreadsheetId)}/query`
    const response = await getBytes(path, '*/*', { signal }, { ...body, format })
    if (format === 'json') return reached(response.json(), { signal })
    return reached<unknown>(format === 'parquet' ? response.arrayBuffer() : response.text(), { signal })
  }

  /** What the columns of a tab hold. */
  function schema(
    spreadsheetId: string,
    tab: string,
    options?: CallOptions & { readonly as?: 'columns' },
  ): Promise<TabSchema>
  /** The same as a JSON Schema (draft 2020-12) of one row. */
  function schema(
    spreadsheetId: string,
    tab: string,
    options: CallOptions & { readonly as: 'json-schema' },
  ): Promise<Readonly<Record<string, unknown>>>
  /** The same as an interface of TypeScript. */
  function schema(
    spreadsheetId: string,
    tab: string,
    options: CallOptions & { readonly as: 'typescript' },
  ): Promise<string>
  async function schema(
    spreadsheetId: string,
    tab: string,
    { as = 'columns', signal }: CallOptions & { readonly as?: 'columns' | 'json-schema' | 'typescript' } = {},
  ): Promise<unknown> {
    const response = await getBytes(`${tabPath(spreadsheetId, tab)}/schema?as=${as}`, '*/*', { signal })
    return as === 'typescript' ? reached(response.text(), { signal }) : reached(response.json(), { signal })
  }

  /** One page of the rows that a tab has gained, lost or changed since the snapshot of an earlier sync. */
  async function changes(
    spreadsheetId: string,
    tab: string,
    { key, ...question }: ChangesQuestion,
    options: CallOptions = {},
  ): Promise<TabChanges> {
    const path = `${tabPath(spreadsheetId, tab)}/changes?${searchOf({ key: listOf(key), ...question })}`
    const response = await getBytes(path, 'application/json', options)
    return reached(response.json() as Promise<TabChanges>, options)
  }

  /** The rows of the newest snapshot of a tab (its title, or `gid:N`). */
  function readTab<R = Row>(
    spreadsheetId: string,
    tab: string,
    options?: CallOptions & { readonly format?: 'json' },
  ): Promise<R[]>
  /** The same row by row, without ever holding them all. */
  function readTab<R = Row>(
    spreadsheetId: string,
    tab: string,
    options: CallOptions & { readonly format: 'ndjson' },
  ): Promise<AsyncIterable<R>>
  /** The same as the text of a CSV file. */
  function readTab(
    spreadsheetId: string,
    tab: string,
    options: CallOptions & { readonly format: 'csv' },
  ): Promise<string>
  /** The same as the bytes of a Parquet file. */
  function readTab(
    spreadsheetId: string,
    tab: string,
    options: CallOptions & { readonly format: 'parquet' },
  ): Promise<ArrayBuffer>
  async function readTab(
    spreadsheetId: string,
    tab: string,
    { format = 'json', signal }: CallOptions & { readonly format?: 'json' | 'ndjson' | 'csv' | 'parquet' } = {},
  ): Promise<unknown> {
    const response = await getBytes(`${tabPath(spreadsheetId, tab)}?format=${format}`, '*/*', { signal })
    if (format === 'ndjson') return rowsOf(response)
    if (format === 'parquet') return reached(response.arrayBuffer(), { signal })
    return reached(format === 'csv' ? response.text() : response.json(), { signal })
  }

  return { readTab, rows, eachRow, query, schema, changes }
}

function tabPath(spreadsheetId: string, tab: string): string {
  return `/spreadsheets/${encodeURIComponent(spreadsheetId)}/tabs/${encodeURIComponent(tab)}`
}

function searchOf(
  question: Readonly<Record<string, string | number | undefined>>,
  params: readonly (string | number | boolean)[] = [],
): URLSearchParams {
  const search = new URLSearchParams()
  for (const value of params) search.append('param', String(value))
  for (const [name, value] of Object.entries(question)) if (value !== undefined) search.set(name, String(value))
  return search
}

/** Names in quotes, so that any name will do. */
function listOf(names: readonly string[] | undefined): string | undefined {
  return names?.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')
}
