import type { EngineFailure, Question } from './protocol.ts'

/** A task that fails for a reason that is known. */
export class TaskFailed extends Error {
  override readonly name = 'TaskFailed'
  readonly failure: EngineFailure

  constructor(failure: EngineFailure) {
    super(failure.message)
    this.failure = failure
  }
}

/** What the first words of DuckDB's messages say of whose fault it is; all others are the question's. */
const KINDS: readonly (readonly [RegExp, EngineFailure['kind']])[] = [
  [/^(?:.*: )?Out of Memory Error/, 'limit'],
  [/^(?:.*: )?INTERRUPT Error/i, 'limit'],
  [/^(?:.*: )?IO Error/, 'disk'],
  [/^(?:.*: )?(?:INTERNAL|FATAL) Error/i, 'engine'],
]

/** Whether DuckDB says so in this message that it had too little memory. */
export function isOutOfMemory(message: string): boolean {
  return /Out of Memory/.test(message)
}

/** What node-api puts before what DuckDB says. */
const BEFORE = /^Failed to extract statements: /

/** The excerpt that DuckDB shows, with a caret below the fault. */
const EXCERPT = /\n+LINE (\d+): (.*)\n( *)\^[\s\S]*$/

/** What went wrong with a question, in DuckDB's own words and at its own place. */
export function failureOf(error: unknown, question?: Pick<Question, 'field' | 'linesBefore'>): EngineFailure {
  if (error instanceof TaskFailed) return error.failure
  const text = (error instanceof Error ? error.message : String(error)).replace(BEFORE, '')
  const kind = KINDS.find(([form]) => form.test(text))?.[1] ?? 'invalid'
  const excerpt = EXCERPT.exec(text)
  // What DuckDB advises beyond that is for whoever runs it.
  const message = /INTERRUPT/.test(text) ? 'it took too long' : text.replace(EXCERPT, '').trim()
  // After the first line comes advice for whoever runs DuckDB, or addresses in it.
  if (kind === 'limit' || kind === 'engine') return { kind, message: message.split('\n', 1)[0] ?? message }
  if (kind !== 'invalid' || question === undefined) return { kind, message }
  return { kind, message, field: question.field, ...placeOf(excerpt, question.linesBefore ?? 0) }
}

function placeOf(excerpt: RegExpExecArray | null, linesBefore: number): { line?: number; column?: number } {
  if (excerpt === null) return {}
  const [, number = '', shown = '', blanks = ''] = excerpt
  const line = Number(number) - linesBefore
  if (line < 1) return {}
  // Of a long line DuckDB shows a part, after three dots.
  if (shown.startsWith('...')) return { line }
  return { line, column: blanks.length - `LINE ${number}: `.length + 1 }
}
