/** Reads RFC 4180 text: quotes doubled inside quotes, commas and newlines kept there; LF or CRLF between rows. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const match of text.replace(/^\uFEFF/, '').matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/g)) {
    const [, field = '', separator = ''] = match
    // At the very end of a text that ends in a newline there is one more empty match, and no more row.
    if (separator === '' && field === '' && row.length === 0) break
    row.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field)
    if (separator === ',') continue
    rows.push(row)
    row = []
    if (separator === '') break
  }
  return rows
}
