import { isUtf8 } from 'node:buffer'
import { isSameRange, type TabRange } from './a1.ts'
import type { Body } from './answer-body.ts'
import { CallFault } from './call-fault.ts'
import { NotJson, ValueScanner } from './value-scanner.ts'

const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d

/** Walks over all rows of a range, before which the scanner stands. */
type Visit = (range: TabRange, index: number, scanner: ValueScanner) => void

/**
 * Walks over the answer of a `values:batchGet`. `visit` is called for each range that has rows. Throws a `garbled` fault
 * when the answer is no JSON, and an `incomplete` one when it does not cover just what was asked: then nothing of it can
 * be trusted to be all there is.
 */
export function readAnswer(body: Body, ranges: readonly TabRange[], visit: Visit): void {
  try {
    if (!isUtf8(body)) throw new NotJson('bytes that are no UTF-8')
    const scanner = new ValueScanner(body)
    let found = 0
    readMembers(scanner, (name) => {
      if (name !== 'valueRanges') return false
      scanner.take(OPEN_LIST)
      if (scanner.takes(CLOSE_LIST)) return true
      do {
        readRange(scanner, ranges[found], found, visit)
        found += 1
      } while (scanner.takes(COMMA))
      scanner.take(CLOSE_LIST)
      return true
    })
    scanner.skipSpace()
    if (scanner.at !== scanner.bytes.length) throw new NotJson('something after its end')
    if (found < ranges.length)
      throw incomplete(`Google answered ${found} ranges where ${ranges.length} were asked for.`)
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    throw new CallFault('garbled', `The answer is not the JSON that Google sends: ${error.message}.`)
  }
}

function readRange(scanner: ValueScanner, asked: TabRange | undefined, index: number, visit: Visit): void {
  if (asked === undefined) throw incomplete('Google answered more ranges than were asked for.')
  let range: string | undefined
  readMembers(scanner, (name) => {
    if (name === 'range') {
      range = scanner.readText()
      if (isSameRange(range, asked.title, asked.rectangle)) return true
      const answered = range.length > 300 ? 'another range' : range
      throw incomplete(`Google answered ${answered} where ${describe(asked)} was asked for.`)
    }
    if (name !== 'values') return false
    // Google sends the range first. Rows that nobody knows the place of are not taken on trust.
    if (range === undefined) throw new NotJson('rows come before their range')
    visit(asked, index, scanner)
    return true
  })
  if (range === undefined) throw incomplete('Google did not say which range it answered.')
}

/** Walks over the members of an object. `read` reads the value of a name that it knows; the other values are all text. */
function readMembers(scanner: ValueScanner, read: (name: string) => boolean): void {
  scanner.take(OPEN)
  if (scanner.takes(CLOSE)) return
  do {
    const name = scanner.readText()
    scanner.take(COLON)
    if (read(name)) continue
    const text = scanner.readText()
    if (name === 'majorDimension' && text !== 'ROWS') throw new NotJson('values come by columns')
  } while (scanner.takes(COMMA))
  scanner.take(CLOSE)
}

function describe({ title, rectangle }: TabRange): string {
  const { startRow, endRow, startColumn, endColumn } = rectangle
  return `rows ${startRow + 1} to ${endRow} and columns ${startColumn + 1} to ${endColumn} of "${title}"`
}

export function incomplete(message: string): CallFault {
  return new CallFault('incomplete', message)
}
