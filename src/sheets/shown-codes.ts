import { type CellKind, ESCAPED_TEXT, TEXT } from '../blocks/block.ts'
import { isStrongName } from './date-words.ts'
import { type Moment, momentShown, plainMoment } from './shown-moment.ts'
import { type ClockForm, LOADING, plainlyShows, type ShownText, takeApart } from './shown-text.ts'
import type { ValueScanner } from './value-scanner.ts'

/**
 * What the second read of some cells says of them, as far as that decides what is a date: a number for each cell. Google
 * sends numbers as numbers in that read too, and what has a date, time or duration format as the text that is shown, so
 * that a number of the first read which comes as such a text is a date, a time, a duration, or both of the first.
 */
export interface ShownCodes {
  readonly codes: Uint32Array<ArrayBuffer>
  /** The texts of which only the number can tell what they show; a code holds the index of its one. */
  readonly texts: readonly string[]
}

/** The lowest three bits of a code; what the others hold stands beside. */
const KIND = 7
/** A number, or a text that is no date. */
const NOTHING = 0
/** A date, or a date with a time: the year of four digits in the text. */
const DATE = 1
const DATE_TIME = 2
const TIME = 3
/** A clock that is a time of day or a duration: its sign, form (2 bits), second group (6 bits) and first group. */
const CLOCK = 4
const NEGATIVE = 1 << 3
const FORM_AT = 4
const SECOND_AT = 6
const FIRST_AT = 12
const MOST_FIRST = 1 << 20
/** A text that only the number can tell the meaning of: its index. */
const OPEN = 5
/** The code of a cell that said {@link LOADING}. */
export const NOT_LOADED = 6
const FORMS: readonly ClockForm[] = ['either', 'hours', 'minutes']
/** Where the year and the index of a text stand. */
const VALUE_AT = 3

/** Texts that look alike but for their digits, whose kind is remembered; a column has few. */
const REMEMBERED = 2000
/** Groups of digits that are read as a text is walked over. */
const MOST_GROUPS = 8
/** A longer text than {@link takeApart} takes, in any script. */
const LONGEST_BYTES = 300
const ZERO = 0x30

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39
}

/** What texts with these bytes show, whatever their digits are. */
interface Likeness {
  /** The bytes, every digit as 0. */
  readonly bytes: Uint8Array
  /** The code without what their digits decide. */
  readonly code: number
  /** Which of the groups of digits is the year of a date. */
  readonly yearAt: number
}

/** Codes the cells of one range of an answer. The fewer different texts there are, but for their digits, the faster. */
export class ShownCoder {
  readonly #codes: Uint32Array<ArrayBuffer>
  readonly #texts = new Map<string, number>()
  readonly #likenesses = new Map<number, Likeness>()
  readonly #groups = new Uint32Array(MOST_GROUPS)

  constructor(cells: number) {
    this.#codes = new Uint32Array(cells)
  }

  get shown(): ShownCodes {
    return { codes: this.#codes, texts: [...this.#texts.keys()] }
  }

  /** Codes the cell that a scanner has just read. */
  add(index: number, scanner: ValueScanner): void {
    const { kind } = scanner
    if (isText(kind) && scanner.end - scanner.start <= LONGEST_BYTES) this.#codes[index] = this.#codeOf(scanner)
  }

  #codeOf(scanner: ValueScanner): number {
    const { bytes, start, end } = scanner
    const groups = this.#groups
    groups.fill(0)
    let count = 0
    let isInGroup = false
    let hash = end - start
    for (let at = start; at < end; at += 1) {
      let byte = bytes[at] ?? 0
      if (isDigit(byte)) {
        if (!isInGroup) count += 1
        if (count <= MOST_GROUPS) groups[count - 1] = (groups[count - 1] ?? 0) * 10 + byte - ZERO
        byte = ZERO
        isInGroup = true
      } else isInGroup = false
      hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0
    }
    let likeness = this.#likenesses.get(hash)
    if (likeness === undefined || !isAlike(likeness.bytes, scanner)) {
      likeness = likenessOf(scanner, count)
      if (this.#likenesses.size < REMEMBERED) this.#likenesses.set(hash, likeness)
    }
    const { code, yearAt } = likeness
    const [first = 0, second = 0] = groups
    switch (code & KIND) {
      case OPEN:
        return withTextIndex(this.#indexOf(scanner.text()))
      case DATE:
      case DATE_TIME:
        return code | ((groups[yearAt] ?? 0) << VALUE_AT)
      case CLOCK:
        if (first >= MOST_FIRST) return withTextIndex(this.#indexOf(scanner.text()))
        return second < 60 ? (code | (second << SECOND_AT) | (first << FIRST_AT)) >>> 0 : NOTHING
      default:
        return code
    }
  }

  #indexOf(text: string): number {
    const index = this.#texts.get(text) ?? this.#texts.size
    this.#texts.set(text, index)
    return index
  }
}

function isText(kind: CellKind): boolean {
  return kind === TEXT || kind === ESCAPED_TEXT
}

function isAlike(zeroed: Uint8Array, { bytes, start, end }: ValueScanner): boolean {
  if (zeroed.length !== end - start) return false
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    if (zeroed[at - start] !== (isDigit(byte) ? ZERO : byte)) return false
  }
  return true
}

function likenessOf(scanner: ValueScanner, asciiGroups: number): Likeness {
  const bytes = scanner.bytes.slice(scanner.start, scanner.end).map((byte) => (isDigit(byte) ? ZERO : byte))
  const text = scanner.text()
  if (text === LOADING) return { bytes, code: NOT_LOADED, yearAt: 0 }
  const shown = takeApart(text)
  if (shown === undefined) return { bytes, code: NOTHING, yearAt: 0 }
  const plain = plainlyShows(shown)
  const groups = shown.text.match(/\d+/g) ?? []
  const open = { bytes, code: OPEN, yearAt: 0 }
  // The digits of other scripts are not read as bytes.
  if (plain === undefined || groups.length !== asciiGroups || mayBeElapsed(shown)) return open
  if (plain.what === 'time') return { ...open, code: TIME }
  if (plain.what === 'clock') {
    const { isNegative, form } = plain.clock
    return { ...open, code: CLOCK | (isNegative ? NEGATIVE : 0) | (FORMS.indexOf(form) << FORM_AT) }
  }
  const yearAt = groups.findIndex((group) => group.length === 4 && Number(group) === plain.year)
  if (yearAt < 0 || yearAt >= MOST_GROUPS) return open
  return { bytes, code: plain.what === 'date' ? DATE : DATE_TIME, yearAt }
}

/** Whether what reads as a year may be hours: `2000.30.15`, `2000 h 30 min`. */
function mayBeElapsed({ text, clock, words }: ShownText): boolean {
  if (clock !== undefined || words.some(isStrongName)) return false
  return words.length > 0 || /^\d{4}[^-/]/.test(text)
}

/** Whether no cell with these codes can be a date. */
export function areAllNumbers(codes: Uint32Array): boolean {
  return codes.every((code) => code === NOTHING)
}

/** Whether a code holds the index of a text, and which. */
export function textIndex(code: number): number | undefined {
  return (code & KIND) === OPEN ? code >>> VALUE_AT : undefined
}

/** A code that holds the index of a text. */
export function withTextIndex(index: number): number {
  return OPEN | (index << VALUE_AT)
}

/** Tells what numbers are by the codes of their cells. */
export class ShownReader {
  readonly #texts: readonly string[]
  readonly #takenApart: (ShownText | undefined)[] = []

  constructor(texts: readonly string[]) {
    this.#texts = texts
  }

  /** What a number is; `undefined` where it is just a number. */
  moment(code: number, serial: number): Moment | undefined {
    switch (code & KIND) {
      case DATE:
        return plainMoment({ what: 'date', year: code >>> VALUE_AT }, serial)
      case DATE_TIME:
        return plainMoment({ what: 'dateTime', year: code >>> VALUE_AT }, serial)
      case TIME:
        return 'time'
      case CLOCK: {
        const clock = {
          isNegative: (code & NEGATIVE) !== 0,
          form: FORMS[(code >>> FORM_AT) & 3] ?? 'either',
          second: (code >>> SECOND_AT) & 63,
          first: code >>> FIRST_AT,
        }
        return plainMoment({ what: 'clock', clock }, serial)
      }
      case OPEN: {
        const index = code >>> VALUE_AT
        this.#takenApart[index] ??= takeApart(this.#texts[index] ?? '')
        const shown = this.#takenApart[index]
        return shown === undefined ? undefined : momentShown(shown, serial)
      }
      default:
        return undefined
    }
  }
}
