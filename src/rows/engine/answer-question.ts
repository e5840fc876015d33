import { type DuckDBConnection, type DuckDBPreparedStatement, StatementType } from '@duckdb/node-api'
import { AnswerContent } from './answer-content.ts'
import { failureOf, TaskFailed } from './duckdb-failures.ts'
import { freeAll } from './free-chunks.ts'
import type { LockedDatabase } from './locked-database.ts'
import { writeParquet } from './parquet-answer.ts'
import { faultOfExpression, faultOfSelect, NOT_A_SELECT, type ParsedFault, placeIn } from './parsed-sql.ts'
import type { Answer, Question } from './protocol.ts'
import { csvRowText, jsonRowText } from './row-text.ts'

/** Bytes of an answer from which on the pieces of its result are freed at once: V8 takes them for small, and they gather. */
const LARGE_BYTES = 1024 * 1024

/** Answers a question of a locked database. Rejects with a TaskFailed, or with what DuckDB says. */
export async function answerQuestion(database: LockedDatabase, question: Question): Promise<Answer> {
  const { connection } = database
  await assertProved(database, question)
  const { countSql } = question
  const count = countSql === undefined ? undefined : await countRows(connection, countSql, question)
  const page = (await likelyPage(database, question)) ?? (await answerOf(connection, question.sql, question))
  if (page.bytes > LARGE_BYTES) freeAll()
  return { ...page, count }
}

type Page = Omit<Answer, 'count'>

/** The page of a sorted table, where those rows that it is likely to be of are enough. */
async function likelyPage({ narrow, firstRows }: LockedDatabase, question: Question): Promise<Page | undefined> {
  const { sorted } = question
  if (sorted === undefined) return undefined
  try {
    const likely = await firstRows.likely(sorted)
    if (likely === undefined) return undefined
    const content = new AnswerContent(question)
    const page = await answerOf(narrow, likely.sql, question, content)
    // As there is a row beyond the page, all that come before it were among the likely ones.
    if (page.hasMore) return page
    content.discard()
    likely.hasTooFew()
  } catch (error) {
    // What else is wrong with a question is told of it as it was put.
    if (failureOf(error).kind === 'limit') throw error
  }
  return undefined
}

async function answerOf(
  connection: DuckDBConnection,
  sql: string,
  question: Question,
  content = new AnswerContent(question),
): Promise<Page> {
  const { format, limit } = question
  const statement = await prepareSelect(connection, sql, question)
  try {
    const result = await statement.stream()
    const names = result.deduplicatedColumnNames()
    const types = result.columnTypes()
    const columns = names.map((name, index) => ({ name, type: String(types[index]) }))
    if (format === 'parquet') return { ...(await writeParquet(result, names, question)), columns }
    const rowText = format === 'csv' ? csvRowText(question.csvInjection ?? 'escape') : jsonRowText(names)
    content.begin(names)
    let rows = 0
    let hasMore = false
    while (!hasMore) {
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) break
      const taken = Math.min(chunk.rowCount, limit - rows)
      hasMore = chunk.rowCount > taken
      if (taken === 0) break
      const vectors = names.map((_, column) => chunk.getColumnVector(column))
      for (let row = 0; row < taken; row += 1) content.row(rowText(vectors, row))
      rows += taken
    }
    return { columns, rows, hasMore, ...content.end() }
  } catch (error) {
    content.discard()
    throw error
  } finally {
    statement.destroySync()
  }
}

/** Rejects with a TaskFailed where the expression of a question is none, or reads what it may not. */
async function assertProved({ connection, proved }: LockedDatabase, question: Question): Promise<void> {
  const { expression } = question
  if (expression === undefined || proved.has(expression.text)) return
  const { text, field } = expression
  assertFaultless(await faultOfExpression(connection, text, namesOf(question)), text, field)
  proved.set(text, true)
}

/** Prepares what is one statement, and reads only; by what DuckDB says that it is, not by its text. */
async function prepareSelect(
  connection: DuckDBConnection,
  sql: string,
  question: Question,
): Promise<DuckDBPreparedStatement> {
  const { params, field } = question
  const statement = await prepareOne(connection, sql, question)
  const fail = (message: string, at = field) => {
    statement.destroySync()
    return new TaskFailed({ kind: 'invalid', message, field: at })
  }
  if (statement.statementType !== StatementType.SELECT) throw fail(NOT_A_SELECT)
  const { parameterCount } = statement
  for (let index = 1; index <= parameterCount; index += 1) {
    if (!/^\d+$/.test(statement.parameterName(index))) throw fail('names a parameter; write ? or $1')
  }
  if (parameterCount !== params.length) {
    throw fail(`there are ${parameterCount} parameters in ${field}, and ${params.length} values for them`, 'params')
  }
  for (const [index, value] of params.entries()) {
    if (typeof value === 'number' && Number.isSafeInteger(value)) statement.bindBigInt(index + 1, BigInt(value))
    else statement.bindValue(index + 1, value)
  }
  return statement
}

async function prepareOne(
  connection: DuckDBConnection,
  sql: string,
  question: Question,
): Promise<DuckDBPreparedStatement> {
  const { expression, field } = question
  // For an empty text node-api has an error without words.
  if (sql.trim() === '') throw new TaskFailed({ kind: 'invalid', message: 'is empty', field })
  const statements = await connection.extractStatements(sql)
  if (statements.count !== 1) {
    const message = `has ${statements.count} statements, and only one is run (a PIVOT needs its values listed: ON column IN (…))`
    throw new TaskFailed({ kind: 'invalid', message, field })
  }
  // With an expression, which was looked at, the rest is not the user's.
  if (expression === undefined) assertFaultless(await faultOfSelect(connection, sql, namesOf(question)), sql, field)
  return statements.prepare(0)
}

function namesOf({ tables }: Question): string[] {
  return tables.flatMap(({ names }) => names)
}

function assertFaultless(fault: ParsedFault | undefined, text: string, field: string): void {
  if (fault === undefined) return
  const place = fault.at === undefined ? {} : placeIn(text, fault.at)
  throw new TaskFailed({ kind: 'invalid', message: fault.message, field, ...place })
}

async function countRows(connection: DuckDBConnection, sql: string, question: Question): Promise<number> {
  const statement = await prepareSelect(connection, sql, question)
  try {
    const reader = await statement.runAndReadAll()
    return Number(reader.getRows()[0]?.[0])
  } finally {
    statement.destroySync()
  }
}
