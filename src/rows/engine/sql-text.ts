/** A name as SQL has it, whatever is in it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Text as a literal of SQL. DuckDB knows no escapes in it, and no NUL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''").replaceAll('\0', "' || chr(0) || '")}'`
}
