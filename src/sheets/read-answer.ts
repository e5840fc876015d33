import { isUtf8 } from 'node:buffer'
import { isSameRange } from './a1.ts'
import type { Body } from './answer-body.ts'
import type { FaultKind } from './call-fault.ts'
import type { RangeToRead } from './spreadsheet-calls.ts'
import { NotJson, ValueScanner } from './value-scanner.ts'

const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d

/** Why an answer is of no use. */
export interface BadAnswer {
  readonly fault: Extract<FaultKind, 'garbled' | 'incomplete'>
  readonly message: string
}

/**
 * Walks over the answer of a `values:batchGet`. For each range `visit` is called with a scanner that stands before its
 * rows, and must walk over all of them; a range without any is not visited. Says what is wrong when the answer is no JSON,
 * or does not cover just what was asked: then nothing of it can be trusted to be all there is.
 */
export function readAnswer(
  body: Body,
  ranges: readonly RangeToRead[],
  visit: (range: number, scanner: ValueScanner) => void,
): BadAnswer | undefined {
  if (!isUtf8(body)) return garbled('bytes that are no UTF-8')
  const scanner = new ValueScanner(body)
  let found = 0
  let wrong: BadAnswer | undefined
  try {
    scanner.take(OPEN)
    members(scanner, (name) => {
      if (name !== 'valueRanges') return false
      scanner.take(OPEN_LIST)
      if (scanner.takes(CLOSE_LIST)) return true
      do {
        wrong ??= readRange(scanner, ranges[found], found, visit)
        if (wrong !== undefined) return 'stop'
        found += 1
      } while (scanner.takes(COMMA))
      scanner.take(CLOSE_LIST)
      return true
    })
    if (wrong !== undefined) return wrong
    scanner.skipSpace()
    if (scanner.at !== scanner.bytes.length) return garbled('something after its end')
  } catch (error) {
    if (error instanceof NotJson) return garbled(error.message)
    throw error
  }
  if (found === ranges.length) return undefined
  return incomplete(`Google answered ${found} ranges where ${ranges.length} were asked for.`)
}

function readRange(
  scanner: ValueScanner,
  asked: RangeToRead | undefined,
  index: number,
  visit: (range: number, scanner: ValueScanner) => void,
): BadAnswer | undefined {
  if (asked === undefined) return incomplete('Google answered more ranges than were asked for.')
  let range: string | undefined
  let wrong: BadAnswer | undefined
  scanner.take(OPEN)
  members(scanner, (name) => {
    if (name === 'range') {
      range = scanner.readText()
      if (isSameRange(range, asked.title, asked.rectangle)) return true
      wrong = incomplete(`Google answered ${range} where ${describe(asked)} was asked for.`)
      return 'stop'
    }
    if (name !== 'values') return false
    // Google sends the range first. Rows that nobody knows the place of are not taken on trust.
    if (range === undefined) throw new NotJson('rows come before their range')
    visit(index, scanner)
    return true
  })
  if (wrong === undefined && range === undefined) return incomplete('Google did not say which range it answered.')
  return wrong
}

/** Walks over the members of an object whose bracket is taken. `read` reads the value of a name that it knows. */
function members(scanner: ValueScanner, read: (name: string) => boolean | 'stop'): void {
  if (scanner.takes(CLOSE)) return
  do {
    const name = scanner.readText()
    scanner.take(COLON)
    const isRead = read(name)
    if (isRead === 'stop') return
    if (!isRead) skipText(scanner, name)
  } while (scanner.takes(COMMA))
  scanner.take(CLOSE)
}

/** The other members are all text: `spreadsheetId`, `majorDimension`. */
function skipText(scanner: ValueScanner, name: string): void {
  const text = scanner.readText()
  if (name === 'majorDimension' && text !== 'ROWS') throw new NotJson(`values come by ${text}`)
}

function describe({ title, rectangle }: RangeToRead): string {
  const { startRow, endRow, startColumn, endColumn } = rectangle
  return `rows ${startRow + 1} to ${endRow} and columns ${startColumn + 1} to ${endColumn} of "${title}"`
}

function garbled(what: string): BadAnswer {
  return { fault: 'garbled', message: `The answer is not the JSON that Google sends: ${what}.` }
}

export function incomplete(message: string): BadAnswer {
  return { fault: 'incomplete', message }
}
