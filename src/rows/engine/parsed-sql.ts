import type { DuckDBConnection } from '@duckdb/node-api'
import { forbiddenName } from './allowed-names.ts'
import { TaskFailed } from './duckdb-failures.ts'

/** What `json_serialize_sql` answers, as far as it is looked at. */
interface Parsed {
  readonly error: boolean
  readonly error_message?: string
  /** Characters before the fault. */
  readonly position?: string
  readonly statements?: readonly { readonly node: ParsedNode }[]
}

interface ParsedNode {
  readonly type: string
  readonly modifiers: readonly unknown[]
  readonly cte_map?: { readonly map: readonly unknown[] }
  readonly select_list?: readonly { readonly class: string; readonly alias: string }[]
  readonly from_table?: { readonly type: string } | null
  readonly where_clause?: unknown
  readonly group_expressions?: readonly unknown[]
  readonly having?: unknown
  readonly qualify?: unknown
  readonly sample?: unknown
}

/** Parses a text as SQL; nothing of it is bound or run. */
async function parse(connection: DuckDBConnection, sql: string): Promise<Parsed> {
  const reader = await connection.runAndReadAll('SELECT json_serialize_sql(?::VARCHAR)', [sql])
  return JSON.parse(String(reader.getRowsJson()[0]?.[0])) as Parsed
}

function messageOf({ error_message: said = 'cannot be parsed' }: Parsed): string {
  return said.startsWith('Only SELECT statements') ? NOT_A_SELECT : said
}

function placeOf({ position }: Parsed): number | undefined {
  return position === undefined ? undefined : Number(position)
}

/**
 * The names of the tables that a SELECT reads, wherever in it; also those that it defines itself. Rejects with a TaskFailed
 * for anything else.
 */
export async function parsedTables(connection: DuckDBConnection, sql: string): Promise<readonly string[]> {
  const parsed = await parse(connection, sql)
  if (parsed.error) {
    const at = placeOf(parsed)
    throw new TaskFailed({
      kind: 'invalid',
      message: messageOf(parsed),
      field: 'sql',
      ...(at === undefined ? {} : placeIn(sql, at)),
    })
  }
  const names = new Set<string>()
  collectTables(parsed.statements, names)
  return [...names]
}

function collectTables(node: unknown, names: Set<string>): void {
  if (typeof node !== 'object' || node === null) return
  if ('type' in node && node.type === 'BASE_TABLE' && 'table_name' in node) names.add(String(node.table_name))
  for (const part of Object.values(node)) collectTables(part, names)
}

/** A place in a text, 1-based. */
export function placeIn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, Math.max(0, at)).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

export const NOT_A_SELECT = 'is not a SELECT, and nothing else is run'

/** What a text is put after to be parsed. */
const BEFORE = 'SELECT '

/** Why a text is not what it is to be, and after how many characters. */
export interface ParsedFault {
  readonly message: string
  readonly at: number | undefined
}

/**
 * Proves that a text is one whole expression, by DuckDB's own parser: as the only thing that is selected, from nowhere. So
 * in brackets it cannot be anything else, and `a) OR (b`, which would close them, is none.
 */
export async function faultOfExpression(
  connection: DuckDBConnection,
  text: string,
  tables: readonly string[],
): Promise<ParsedFault | undefined> {
  // The line break ends a comment at the end.
  const parsed = await parse(connection, `${BEFORE}${text}\n`)
  if (parsed.error) {
    const at = placeOf(parsed)
    return { message: messageOf(parsed), at: at === undefined ? undefined : at - BEFORE.length }
  }
  const [statement, ...others] = parsed.statements ?? []
  if (statement === undefined || others.length > 0 || !isOneExpression(statement.node)) {
    return { message: 'is not one expression that is true or false', at: undefined }
  }
  return faultOfNames(parsed, tables, BEFORE.length)
}

/** Finds why a statement is not to be run: it is no SELECT, or it reads what it may not. */
export async function faultOfSelect(
  connection: DuckDBConnection,
  sql: string,
  tables: readonly string[],
): Promise<ParsedFault | undefined> {
  const parsed = await parse(connection, sql)
  return parsed.error ? { message: messageOf(parsed), at: placeOf(parsed) } : faultOfNames(parsed, tables, 0)
}

function faultOfNames({ statements }: Parsed, tables: readonly string[], before: number): ParsedFault | undefined {
  const forbidden = forbiddenName(statements, tables)
  if (forbidden === undefined) return undefined
  const { name, at } = forbidden
  return { message: `${name} is not to be read here`, at: at === undefined ? undefined : at - before }
}

function isOneExpression(node: ParsedNode): boolean {
  const [selected, ...others] = node.select_list ?? []
  return (
    node.type === 'SELECT_NODE' &&
    selected !== undefined &&
    others.length === 0 &&
    selected.class !== 'STAR' &&
    selected.alias === '' &&
    node.modifiers.length === 0 &&
    (node.cte_map?.map.length ?? 0) === 0 &&
    node.from_table?.type === 'EMPTY' &&
    node.where_clause == null &&
    (node.group_expressions?.length ?? 0) === 0 &&
    node.having == null &&
    node.qualify == null &&
    node.sample == null
  )
}
