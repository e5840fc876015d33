/**
 * What a SELECT may read beside its tables. The lock of the database leaves out what DuckDB has as functions: 1.5 runs
 * `SELECT * FROM enable_logging(storage = 'file', …)`, after which each later question, of whomever, is written down or
 * fails; `query('…')` and its like read what cannot be seen by parsing. So a table function that is not known to be
 * without effect is refused, with what tells of the machine: its paths and settings.
 */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set(
  `duckdb_columns duckdb_constraints duckdb_functions duckdb_keywords duckdb_schemas duckdb_tables duckdb_types duckdb_views
  generate_series histogram histogram_values icu_calendar_names json_each json_tree pg_timezone_names pragma_show
  pragma_table_info pragma_version range repeat repeat_row summary test_all_types test_vector_types unnest`.split(
    /\s+/,
  ),
)
const FORBIDDEN_FUNCTIONS: ReadonlySet<string> = new Set(['current_setting', 'parse_duckdb_log_message', 'write_log'])
/** Views of DuckDB's own. */
const FORBIDDEN_VIEWS: ReadonlySet<string> = new Set(
  'duckdb_databases duckdb_logs pg_database pg_prepared_statements pg_settings pragma_database_list'.split(' '),
)

/** A name that a statement may not use, and the characters before it. */
export interface ForbiddenName {
  readonly name: string
  readonly at: number | undefined
}

/** The first name in what `json_serialize_sql` has made of a statement that may not be in it. `tables`: those that it may read. */
export function forbiddenName(node: unknown, tables: readonly string[]): ForbiddenName | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const named = Array.isArray(node) ? undefined : nameAt(node as ParsedNode, tables)
  if (named !== undefined) return { name: named, at: placeOf(node as ParsedNode) }
  for (const part of Object.values(node)) {
    const found = forbiddenName(part, tables)
    if (found !== undefined) return found
  }
  return undefined
}

interface ParsedNode {
  readonly type?: unknown
  readonly class?: unknown
  readonly function?: { readonly function_name?: unknown }
  readonly function_name?: unknown
  readonly table_name?: unknown
  readonly schema_name?: unknown
  readonly query_location?: unknown
}

function nameAt(node: ParsedNode, tables: readonly string[]): string | undefined {
  if (node.type === 'TABLE_FUNCTION') {
    const name = String(node.function?.function_name)
    return TABLE_FUNCTIONS.has(name.toLowerCase()) ? undefined : name
  }
  if (node.class === 'FUNCTION') {
    const name = String(node.function_name)
    return FORBIDDEN_FUNCTIONS.has(name.toLowerCase()) ? name : undefined
  }
  if (node.type !== 'BASE_TABLE' && node.type !== 'SHOW_REF') return undefined
  const name = String(node.table_name).replaceAll('"', '')
  const isTable = node.schema_name === '' && tables.some((table) => table.toLowerCase() === name.toLowerCase())
  return FORBIDDEN_VIEWS.has(name.toLowerCase()) && !isTable ? name : undefined
}

function placeOf({ query_location: at }: ParsedNode): number | undefined {
  return typeof at === 'number' && Number.isSafeInteger(at) ? at : undefined
}
