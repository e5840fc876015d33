import { isoFromSerial } from '../../sheets/dates.ts'
import type { ValueScanner } from '../../sheets/value-scanner.ts'
import type { DateMask } from './block-task.ts'

/** Dates that are remembered as text; columns of days repeat few of them. */
const REMEMBERED = 5000

/** Knows which numbers of a piece are dates, row by row. */
export class DateColumns {
  readonly #isText: Uint8Array | undefined
  readonly #width: number
  readonly #indexes: number[] = []
  readonly #days = new Map<number, string | number>()
  #row = 0

  constructor(mask: DateMask | undefined) {
    this.#isText = mask?.isText
    this.#width = mask?.columns.length ?? 0
    for (const [index, column] of (mask?.columns ?? []).entries()) this.#indexes[column] = index
  }

  /** Goes to a row of the piece. */
  enter(row: number): void {
    this.#row = row
  }

  /** The date that the scanner's number stands for in a column of the row; `undefined` when it is just a number. */
  iso(scanner: ValueScanner, column: number): string | undefined {
    const index = this.#indexes[column]
    if (index === undefined || this.#isText?.[this.#row * this.#width + index] !== 1) return undefined
    const serial = scanner.number()
    let iso = this.#days.get(serial)
    if (iso === undefined) {
      iso = isoFromSerial(serial)
      if (this.#days.size < REMEMBERED) this.#days.set(serial, iso)
    }
    return typeof iso === 'string' ? iso : undefined
  }
}
