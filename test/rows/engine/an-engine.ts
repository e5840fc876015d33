import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Answer, Question, TableColumn, TableType } from '../../../src/rows/engine/protocol.ts'
import { type Asking, QueryEngine, type QueryEngineOptions } from '../../../src/rows/engine/query-engine.ts'
import { aDirectory } from '../../support/service.ts'

export const ASKING: Asking = { owner: 'key a', signal: new AbortController().signal }

/** An engine, and how a test asks it; it ends with the test. */
export async function anEngine(t: Test, options: Partial<QueryEngineOptions> = {}) {
  const directory = await aDirectory(t)
  const engine = new QueryEngine({ processes: 1, timeLimitMs: 5000, memoryBytes: 256 * 1024 * 1024, ...options })
  t.teardown(() => engine.close())
  let answers = 0
  const files: string[] = []

  async function ask(
    sql: string,
    { params = [], format = 'json', limit = 100, asking = ASKING, maxBytes = 10_000_000, ...more }: AskOptions = {},
  ): Promise<Answer & { readonly file: string; readonly text: string }> {
    answers += 1
    const answerFile = join(directory, `answer-${answers}`)
    const tables = files.map((file, index) => ({ file, names: [`t${index}`] }))
    const question = { tables, field: 'sql', sql, params, limit, format, answerFile, maxBytes, ...more }
    const answer = await engine.ask(question, asking)
    return { ...answer, file: answerFile, text: Buffer.from(answer.content ?? []).toString() }
  }

  /** Makes the next of the tables t0, t1 … */
  async function table(
    columns: Readonly<Record<string, TableType>>,
    rows: readonly object[],
  ): Promise<readonly TableColumn[]> {
    const source = join(directory, `rows-${files.length}.ndjson`)
    const file = createWriteStream(source)
    for (const row of rows) file.write(`${JSON.stringify(row)}\n`)
    await once(file.end(), 'close')
    const target = join(directory, `table-${files.length}.duckdb`)
    files.push(target)
    const list = Object.entries(columns).map(([name, type]) => ({ name, column: name, type, values: undefined }))
    return engine.importTable({ source, format: 'ndjson', areLists: false, columns: list, target }, ASKING)
  }

  return {
    engine,
    directory,
    ask,
    table,
    rows: async (sql: string, options?: AskOptions) => JSON.parse((await ask(sql, options)).text),
  }
}

interface AskOptions extends Partial<Omit<Question, 'sql' | 'answerFile'>> {
  readonly asking?: Asking
}
