/** Reads CSV by RFC 4180 alone; fails on anything that is not. */
export function parseCsv(text: string): string[][] {
  const lines: string[][] = []
  let at = 0
  while (at < text.length) {
    const fields: string[] = []
    for (;;) {
      let field = ''
      if (text[at] === '"') {
        for (at += 1; ; at += 1) {
          if (at >= text.length) throw new SyntaxError('a quoted field does not end')
          if (text[at] !== '"') field += text[at]
          else if (text[at + 1] === '"') {
            field += '"'
            at += 1
          } else break
        }
        at += 1
      } else {
        const end = /[",\r\n]|$/.exec(text.slice(at))?.index ?? 0
        field = text.slice(at, at + end)
        at += end
      }
      fields.push(field)
      if (text[at] !== ',') break
      at += 1
    }
    if (text.slice(at, at + 2) !== '\r\n')
      throw new SyntaxError(`no CRLF at ${at}: ${JSON.stringify(text.slice(at, at + 20))}`)
    at += 2
    lines.push(fields)
  }
  return lines
}
