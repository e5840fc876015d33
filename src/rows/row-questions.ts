import { createHash } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import { type HeldTab, newestQueryable, ofSnapshot } from './chosen-snapshot.ts'
import type { Answer, QueryTable, Question } from './engine/protocol.ts'
import type { Asking, QueryEngine } from './engine/query-engine.ts'
import { BrokenTable } from './engine/query-failures.ts'
import { type PageRequest, pageQuestion } from './page-question.ts'
import { type ChangesPage, type ChangesRequest, changesPage } from './row-changes.ts'
import { readCursor, toCursor } from './row-cursor.ts'
import { sqlName } from './sql-words.ts'
import type { TableCache, TableSource } from './table-cache.ts'
import { tableNames, tablesNamed } from './table-names.ts'
import { tableColumns, tableSource } from './table-source.ts'

export interface RowQuestionsOptions {
  readonly snapshots: Pick<SnapshotStore, 'openFile'>
  readonly engine: QueryEngine
  readonly tables: TableCache
  /** Rows that an answer may have; QUERY_ROWS. */
  readonly maxRows: number
}

/** More names than this in a hint help nobody. */
const TABLES_IN_HINT = 20

/** Bytes that an answer may have: the rows of a page, with room for long ones. */
const MOST_BYTES = 64_000_000

/** Goes into each ETag, so that an answer that is made otherwise has another one. */
const ANSWERS = 1

/** What to ask of one tab, and from where on. */
export interface RowsRequest extends Omit<PageRequest, 'offset'> {
  readonly offset?: number | undefined
  readonly cursor?: string | undefined
}

/** A statement over the tabs of one snapshot. */
export interface QueryRequest extends Pick<Question, 'sql' | 'params' | 'limit' | 'format'> {}

/** A page that is known, and not yet read. */
export interface RowsPage extends HeldTab {
  /** Strong, without quotes: of the rows and of all that was asked. */
  readonly tag: string
  read(asking: Asking): Promise<RowsAnswer>
}

export interface RowsAnswer extends Answer {
  /** The file that holds the rows where `content` does not; the caller's to remove. */
  readonly file: string
  readonly nextCursor: string | null
}

type OpenQuestion = Omit<Question, 'tables' | 'answerFile' | 'maxBytes'>

/** A table that is to be there when it is asked. */
interface SourceTable {
  readonly source: TableSource
  readonly names: readonly string[]
}

/** Answers questions about the rows of snapshots, which its callers have chosen: those that the asker may see. */
export class RowQuestions {
  readonly #options: RowQuestionsOptions

  constructor(options: RowQuestionsOptions) {
    this.#options = options
  }

  /**
   * Finds what a page is of: the newest snapshot (manifests come newest first) that holds the tab in a format that can be
   * asked, or the one that the cursor names. Throws CURSOR_…, ROWS_NOT_QUERYABLE, SCHEMA_NOT_KEPT or COLUMN_NOT_FOUND.
   */
  page(manifests: readonly SnapshotManifest[], latest: HeldTab, request: RowsRequest): RowsPage {
    this.#assertLimit(request.limit)
    const { cursor, offset: given = 0, ...asked } = request
    const { limit: _limit, count: _count, format: _format, ...question } = asked
    const pinned = [latest.tab.gid, question]
    const place = cursor === undefined ? undefined : readCursor(cursor, pinned)
    const { manifest, tab } =
      place === undefined ? newestQueryable(manifests, latest) : ofSnapshot(manifests, latest, place.syncId)
    const { syncId } = manifest
    const offset = place?.offset ?? given
    const columns = tableColumns(tab)
    const source = tableSource(this.#options.snapshots, manifest, tab)
    const page = { ...asked, offset }
    const names = tableNames([tab])[0] ?? []
    const composed = pageQuestion(
      page,
      columns.map(({ column }) => column),
    )
    return {
      manifest,
      tab,
      tag: digest([ANSWERS, source.sha256, syncId, source.columns, page]),
      read: async (asking) => {
        const answer = await this.#ask(composed, [{ source, names }], asking)
        const next = { syncId, offset: offset + answer.rows }
        return { ...answer, nextCursor: answer.hasMore ? toCursor(next, pinned) : null }
      },
    }
  }

  /** Finds what a page of changes is of, as `page` does. Throws what it throws, and SNAPSHOT_NOT_FOUND. */
  changes(manifests: readonly SnapshotManifest[], latest: HeldTab, request: ChangesRequest): ChangesPage {
    return changesPage({ ...this.#options, maxBytes: MOST_BYTES }, manifests, latest, request)
  }

  /**
   * Runs one SELECT over the tabs of a snapshot, each a table by its title and by its slug. Rejects with QUERY_…, or with
   * ROWS_NOT_QUERYABLE when it reads a tab that cannot be asked.
   */
  async query(manifest: SnapshotManifest, { sql, ...request }: QueryRequest, asking: Asking): Promise<RowsAnswer> {
    this.#assertLimit(request.limit)
    const read = await this.#options.engine.tablesIn(sql, asking)
    const tables = tablesNamed(manifest.tabs, read).map(({ tab, names }) => ({
      source: tableSource(this.#options.snapshots, manifest, tab),
      names,
    }))
    try {
      return { ...(await this.#ask({ ...request, sql, field: 'sql' }, tables, asking)), nextCursor: null }
    } catch (error) {
      throw withTables(error, manifest)
    }
  }

  #assertLimit(limit: number): void {
    const { maxRows } = this.#options
    if (limit <= maxRows) return
    const message = `must be ${maxRows} or less`
    throw new AppError('VALIDATION_FAILED', `limit ${message}.`, {
      hint: 'The operator may raise QUERY_ROWS.',
      errors: [{ field: 'limit', message }],
    })
  }

  /** Asks; once more where a table was evicted meanwhile or its file is broken, of one that is made anew. */
  async #ask(question: OpenQuestion, tables: readonly SourceTable[], asking: Asking) {
    const opened = await this.#open(tables, asking)
    try {
      return await this.#askOpen({ ...question, tables: opened }, asking)
    } catch (error) {
      if (!(error instanceof BrokenTable)) throw error
      await this.#options.tables.discard(opened.map(({ file }) => file))
      return this.#askOpen({ ...question, tables: await this.#open(tables, asking) }, asking)
    }
  }

  #open(tables: readonly SourceTable[], asking: Asking): Promise<QueryTable[]> {
    return Promise.all(
      tables.map(async ({ source, names }) => ({ file: await this.#options.tables.tableOf(source, asking), names })),
    )
  }

  async #askOpen(question: OpenQuestion & Pick<Question, 'tables'>, asking: Asking) {
    const { engine, tables } = this.#options
    const file = await tables.temporary()
    try {
      return { ...(await engine.ask({ ...question, answerFile: file, maxBytes: MOST_BYTES }, asking)), file }
    } catch (error) {
      // A process that was killed leaves what it had written.
      await tables.discard([file])
      throw error
    }
  }
}

/** A question that names no table that there is, told which there are. */
function withTables(error: unknown, { tabs }: SnapshotManifest): unknown {
  if (!(error instanceof AppError && error.code === 'QUERY_INVALID' && /Table with name/.test(error.message)))
    return error
  const names = tableNames(tabs).map((list) => sqlName(list.at(-1) ?? ''))
  const more = names.length > TABLES_IN_HINT ? ` and ${names.length - TABLES_IN_HINT} more` : ''
  return new AppError(error.code, error.message.replace(/\nDid you mean .*/, ''), {
    hint: `The tables are ${names.slice(0, TABLES_IN_HINT).join(', ')}${more}; a title in double quotes names one too.`,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  })
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url')
}
