import { AppError } from '../errors.ts'
import { derive } from './derived-stream.ts'
import type { FileResponse } from './file-response.ts'

const COMMA = 0x2c
const LINE_END = 0x0a

// A file of JSON is "[", a line end, its rows with a comma and a line end between them, a line end, "]" and a line end;
// without rows it is "[]" and a line end. One of NDJSON has a line end after each row. No row has one in it.
const OPENING = Buffer.from('[\n')
const CLOSING = Buffer.from('\n]\n')
const NO_ROWS = Buffer.from('[]\n')

/** Makes the bytes of other ones; tells how many rows it met. */
type Conversion = (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer, number>

/**
 * A file of JSON as NDJSON, or the other way about, just as the same download would have written it. Nobody knows where a
 * part of it lies, so it has no ranges. `rows`: how many the file holds; where it holds others the answer breaks off.
 */
export function asOtherForm(file: FileResponse, format: 'json' | 'ndjson', rows: number): FileResponse {
  const isJson = format === 'json'
  // A comma for each row but the last, and what encloses them.
  const longerBy = rows + NO_ROWS.length
  const whole = file.bytes === 0 ? undefined : { start: 0, end: file.bytes - 1 }
  const rowsOnly = isJson
    ? { start: 0, end: file.bytes - 2 }
    : { start: OPENING.length, end: file.bytes - CLOSING.length }
  const convert = rows === 0 ? withoutRows(isJson) : isJson ? linesToJson : jsonToLines
  return {
    ...file,
    format,
    name: file.name.replace(/\.\w+$/, `.${format}`),
    bytes: file.bytes + (isJson ? longerBy : -longerBy),
    tag: `${file.tag}-${format}`,
    hasRanges: false,
    async open() {
      const source = await file.open(rows === 0 ? whole : rowsOnly)
      return source && derive(source, (chunks) => counted(convert(chunks), rows, file.name))
    },
  }
}

/** Ends with an error rather than with another number of rows. */
async function* counted(converted: AsyncGenerator<Buffer, number>, rows: number, name: string): AsyncGenerator<Buffer> {
  const found = yield* converted
  if (found !== rows) throw new AppError('SNAPSHOT_CORRUPT', `${name} holds ${found} rows and should hold ${rows}.`)
}

function withoutRows(isJson: boolean): Conversion {
  return async function* (chunks) {
    let bytes = 0
    for await (const chunk of chunks) bytes += chunk.length
    if (isJson) yield NO_ROWS
    return bytes - (isJson ? 0 : NO_ROWS.length)
  }
}

/** Leaves out each comma before a line end. */
async function* jsonToLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, number> {
  let rows = 0
  let endedInComma = false
  for await (const chunk of chunks) {
    const lines = Buffer.allocUnsafe(chunk.length + 1)
    let length = 0
    let from = 0
    if (endedInComma && chunk[0] !== LINE_END) length = lines.writeUInt8(COMMA)
    for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, from)) {
      length += chunk.copy(lines, length, from, chunk[at - 1] === COMMA ? at - 1 : at)
      length = lines.writeUInt8(LINE_END, length)
      from = at + 1
      rows += 1
    }
    endedInComma = chunk.at(-1) === COMMA
    length += chunk.copy(lines, length, from, endedInComma ? chunk.length - 1 : chunk.length)
    yield lines.subarray(0, length)
  }
  return rows
}

/** Puts a comma before each line end but the last one, which is not among the bytes. */
async function* linesToJson(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, number> {
  let rows = 0
  yield OPENING
  for await (const chunk of chunks) {
    if (rows === 0) rows = 1
    const json = Buffer.allocUnsafe(2 * chunk.length)
    let length = 0
    let from = 0
    for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, from)) {
      length += chunk.copy(json, length, from, at)
      length = json.writeUInt8(COMMA, length)
      length = json.writeUInt8(LINE_END, length)
      from = at + 1
      rows += 1
    }
    length += chunk.copy(json, length, from)
    yield json.subarray(0, length)
  }
  yield CLOSING
  return rows
}
