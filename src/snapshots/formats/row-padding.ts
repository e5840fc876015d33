const QUOTE = 0x22
const COMMA = 0x2c

/** Bytes that are gathered before they are handed on, so that memory stays flat however much a row is padded by. */
const PIECE_BYTES = 1_000_000

/** How rows stand in a file whose fields are separated by commas, and which quotes text that holds one. */
export interface RowSyntax {
  /** The bytes that begin and end a row. */
  readonly opens: number
  readonly closes: number
  /** The byte that takes its meaning from the next one inside quotes; absent where quotes are doubled. */
  readonly escapes?: number
  /** What a blank is in each column, the comma before it included. */
  readonly blanks: readonly Uint8Array[]
}

/**
 * Gives every row of a file the fields up to its last column that it lacks, blank ones at its end; `head` takes the place
 * of the first `replaced` bytes. The file must hold rows, and each of them a field. Works in pieces of any size, so a file
 * of any size will do.
 */
export async function* padRows(
  source: AsyncIterable<Uint8Array>,
  { opens, closes, escapes, blanks }: RowSyntax,
  { head, replaced }: { readonly head: Uint8Array; readonly replaced: number },
): AsyncGenerator<Uint8Array> {
  const width = blanks.length
  const padding = Buffer.concat(blanks)
  let paddingEnd = 0
  const starts = blanks.map(({ length }) => {
    paddingEnd += length
    return paddingEnd - length
  })
  let pieces = [head]
  let gathered = head.length
  const gather = (piece: Uint8Array) => {
    pieces.push(piece)
    gathered += piece.length
  }
  let toSkip = replaced
  let fields = 1
  let isQuoted = false
  let isEscaped = false
  for await (const chunk of source) {
    const bytes = chunk.subarray(Math.min(toSkip, chunk.length))
    toSkip -= chunk.length - bytes.length
    let from = 0
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]
      if (isEscaped) isEscaped = false
      else if (byte === QUOTE) isQuoted = !isQuoted
      else if (isQuoted) isEscaped = byte === escapes
      else if (byte === COMMA) fields += 1
      else if (byte === opens) fields = 1
      else if (byte === closes) {
        if (fields < width) {
          gather(bytes.subarray(from, at))
          gather(padding.subarray(starts[fields]))
          from = at
        }
        // What closes now is no row, but the list of them.
        fields = width
        if (gathered > PIECE_BYTES) {
          yield Buffer.concat(pieces)
          pieces = []
          gathered = 0
        }
      }
    }
    gather(bytes.subarray(from))
    yield Buffer.concat(pieces)
    pieces = []
    gathered = 0
  }
}
