/** Words that are no name by themselves: `reserved` and `type_function` of `duckdb_keywords()` in DuckDB 1.5; others were tried and are. */
const RESERVED: ReadonlySet<string> = new Set(
  `all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check collate
  collation column columns concurrently constraint create cross default deferrable desc describe distinct do else end
  except false fetch for foreign freeze from full generated glob group having ilike in initially inner intersect into is
  isnull join lambda lateral leading left like limit map natural not notnull null offset on only or order outer overlaps
  pivot pivot_longer pivot_wider placing positional primary qualify references returning right select semi show similar
  some struct summarize symmetric table tablesample then to trailing true try_cast union unique unpack unpivot using
  variadic verbose when where window with`.split(/\s+/),
)

/** Whether SQL reserves a word, so that it names a column or a table in double quotes only. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name.toLowerCase())
}

/** A name as it is written in SQL: as it stands where it may, else in double quotes. */
export function sqlName(name: string): string {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !isReserved(name)
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`
}
