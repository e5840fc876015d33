const QUOTE = 0x22
const COMMA = 0x2c
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/**
 * Reads CSV as {@link csvWriter} writes it and gives every line the same number of fields, blank ones added at its end;
 * `head` takes the place of the first `replaced` bytes. Works in pieces of any size, so a file of any size will do.
 */
export async function* padCsv(
  source: AsyncIterable<Uint8Array>,
  { width, head, replaced }: { readonly width: number; readonly head: Uint8Array; readonly replaced: number },
): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head
  let toSkip = replaced
  let fields = 1
  let isQuoted = false
  for await (const chunk of source) {
    const skipped = Math.min(toSkip, chunk.length)
    toSkip -= skipped
    const bytes = chunk.subarray(skipped)
    const pieces: Uint8Array[] = []
    let from = 0
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]
      if (byte === QUOTE) isQuoted = !isQuoted
      else if (isQuoted) continue
      else if (byte === COMMA) fields += 1
      else if (byte === CARRIAGE_RETURN) {
        if (fields < width) {
          pieces.push(bytes.subarray(from, at), new Uint8Array(width - fields).fill(COMMA))
          from = at
        }
      } else if (byte === LINE_FEED) fields = 1
    }
    pieces.push(bytes.subarray(from))
    yield Buffer.concat(pieces)
  }
}
