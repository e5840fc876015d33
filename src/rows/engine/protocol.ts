/** A value that a question binds to one of its parameters. */
export type QueryValue = string | number | boolean | null

/** A table that a question may read: a database file that `importTable` has made, and the names it is a view under. */
export interface QueryTable {
  /** Absolute. */
  readonly file: string
  readonly names: readonly string[]
}

/** What rows can be handed back as. */
export const ANSWER_FORMATS = ['json', 'ndjson', 'csv', 'parquet'] as const
export type AnswerFormat = (typeof ANSWER_FORMATS)[number]

export interface Question {
  readonly tables: readonly QueryTable[]
  /** Text within `sql` that is to be proved to be one expression, so that it cannot close a bracket around it. */
  readonly expression?: { readonly field: string; readonly text: string } | undefined
  /** The field of the request that errors of `sql` are about. */
  readonly field: string
  /** Lines of `sql` that stand before the text of `field`. */
  readonly linesBefore?: number
  readonly sql: string
  readonly params: readonly QueryValue[]
  /** Asks for one number beside the rows, by the same parameters. */
  readonly countSql?: string | undefined
  /** Where `sql` is of the first rows of the first table, sorted. */
  readonly sorted?: SortedPage | undefined
  /** Rows at most; whether there are more is told. */
  readonly limit: number
  readonly format: AnswerFormat
  /** What stands before the rows in `json`; they are a list. */
  readonly csvInjection?: 'escape' | 'raw'
  /** Where an answer of more than `INLINE_BYTES` is written. Absolute; must not exist. */
  readonly answerFile: string
  /** Bytes that the answer may have. */
  readonly maxBytes: number
}

/** A page of a sorted table, which may be found without a look at all of its rows. */
export interface SortedPage {
  /** What is sorted by first, blank cells last. */
  readonly column: string
  readonly isDescending: boolean
  /** Rows up to the end of the page, and one more where there are others. */
  readonly rows: number
  /** The parts of its SQL: up to the filter, which is one expression in brackets, and from there on. */
  readonly head: string
  readonly filter: string | undefined
  readonly tail: string
}

/** Bytes beyond those of a question that an engine process may have; it is killed above. */
export const OVERHEAD_BYTES = 72 * 1024 * 1024

/** What is promised: beyond it no process goes, those neither that grow while nobody looks. */
export const MOST_OVERHEAD_BYTES = 80_000_000

/** Answers up to this size come by message. */
export const INLINE_BYTES = 256 * 1024

export interface Answer {
  readonly columns: readonly AnswerColumn[]
  readonly rows: number
  /** Whether there are rows beyond the limit. */
  readonly hasMore: boolean
  readonly count: number | undefined
  readonly bytes: number
  /** The rows; `undefined` when they are in the answer file. */
  readonly content: Uint8Array | undefined
}

export interface AnswerColumn {
  readonly name: string
  /** As DuckDB writes it. */
  readonly type: string
}

/** Two tables of the same tab, to be compared; made by imports. */
export interface ChangesTask {
  readonly since: ComparedTable
  readonly until: ComparedTable
  /** The columns that both have, as each of the tables calls them. Others are left out of the comparison. */
  readonly common: readonly CommonColumn[]
  /** Changes before the page. */
  readonly offset: number
  /** Changes at most; whether there are more is told. */
  readonly limit: number
  /** As those of a question. */
  readonly answerFile: string
  readonly maxBytes: number
}

export interface ComparedTable {
  /** Absolute; that of both may be the same. */
  readonly file: string
  /** In their order. */
  readonly columns: readonly string[]
}

export interface CommonColumn {
  readonly since: string
  readonly until: string
  /** Whether rows are told apart by it. Without any such column they are compared whole. */
  readonly isKey: boolean
}

/** A page of changes, JSON, one a row; and how many there are in all. */
export interface ChangesAnswer extends Omit<Answer, 'columns' | 'count'> {
  readonly counts: { readonly added: number; readonly removed: number; readonly changed: number }
  readonly duplicateKeys: DuplicateKeys
}

/** Keys that several rows have, before or now; their rows are compared whole. */
export interface DuplicateKeys {
  readonly count: number
  /** The first ones: the key, and how many rows have it. */
  readonly examples: readonly {
    readonly key: Readonly<Record<string, unknown>>
    readonly since: number
    readonly until: number
  }[]
}

/** The types that columns of an imported table have. */
export type TableType = 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'DATE' | 'TIME' | 'TIMESTAMP' | 'VARCHAR'

export interface TableColumn {
  /** As the rows have it. */
  readonly name: string
  /** In the table: unlike all others whatever the case. */
  readonly column: string
  readonly type: TableType
  /** Cells that have a value of the type; where fewer can be read, the column becomes text, so that none is lost. */
  readonly values: number | undefined
}

export interface ImportTask {
  /** The rows, in a file; absolute. */
  readonly source: string
  readonly format: 'json' | 'ndjson' | 'parquet'
  /** Whether rows are lists, and not objects. */
  readonly areLists: boolean
  readonly columns: readonly TableColumn[]
  /** The database file to make, with the rows in their order as table `t`. Absolute; must not exist. */
  readonly target: string
}

export interface ParquetTask {
  /** A database file that was made by an import. */
  readonly table: string
  /** The Parquet file to make; must not exist. */
  readonly target: string
  /** Those of the table. */
  readonly columns: number
}

/** What an engine process is asked for; `timeLimitMs` after which it interrupts itself. */
export type EngineTask =
  | { readonly kind: 'question'; readonly task: Question; readonly timeLimitMs: number }
  | { readonly kind: 'changes'; readonly task: ChangesTask; readonly timeLimitMs: number }
  | { readonly kind: 'tables'; readonly task: { readonly sql: string }; readonly timeLimitMs: number }
  | { readonly kind: 'import'; readonly task: ImportTask; readonly timeLimitMs: number }
  | { readonly kind: 'parquet'; readonly task: ParquetTask; readonly timeLimitMs: number }

/** Why a task came to nothing, as the process that had it knows. */
export interface EngineFailure {
  /** `invalid`: the question; `limit`: time, memory or bytes; `disk`: a file; `engine`: anything else. */
  readonly kind: 'invalid' | 'limit' | 'disk' | 'engine'
  readonly message: string
  /** The field at fault, and where in its text: 1-based. */
  readonly field?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** What the service sends: the settings first, then tasks one at a time. */
export type ToEngine =
  | { readonly settings: EngineSettings }
  | { readonly id: number; readonly run: EngineTask }
  | { readonly cancel: number }

export interface EngineSettings {
  /** Bytes that DuckDB may use for one question. */
  readonly memoryBytes: number
}

interface TaskEnd {
  readonly id: number
  /** Its memory is not to be had back, so the next task would have too little of it. */
  readonly isFull?: boolean
  /** Tasks have left much behind: if the next one lacks memory, that need not be its own fault. */
  readonly isGrown?: boolean
}

export type FromEngine =
  | { readonly ready: true }
  /** DuckDB cannot be loaded here. */
  | { readonly missing: string }
  /** The process has more memory than it may, and asks to be killed. */
  | { readonly overMemory: true }
  | (TaskEnd & { readonly result: unknown })
  | (TaskEnd & { readonly failure: EngineFailure })
