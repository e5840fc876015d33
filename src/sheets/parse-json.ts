/** Parses JSON; `undefined` for text that is none. The parser's error would quote the text, which may hold secrets. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
