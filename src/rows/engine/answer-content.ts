import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { csvLine } from '../../snapshots/formats/csv-rows.ts'
import { TaskFailed } from './duckdb-failures.ts'
import { type AnswerFormat, INLINE_BYTES, type Question } from './protocol.ts'

/** Bytes that are gathered before they are written. */
const PIECE_BYTES = 64 * 1024

type ContentOptions = Pick<Question, 'format' | 'answerFile' | 'maxBytes' | 'csvInjection'>

/** The rows of an answer as text: kept while they are few, else in the answer file. */
export class AnswerContent {
  readonly #format: AnswerFormat
  readonly #file: string
  readonly #maxBytes: number
  readonly #csvInjection: 'escape' | 'raw'
  readonly #kept: Buffer[] = []
  #text = ''
  #bytes = 0
  #rows = 0
  #descriptor: number | undefined
  #isWritten = false

  constructor({ format, answerFile, maxBytes, csvInjection = 'escape' }: ContentOptions) {
    this.#format = format
    this.#file = answerFile
    this.#maxBytes = maxBytes
    this.#csvInjection = csvInjection
  }

  begin(names: readonly string[]): void {
    if (this.#format !== 'csv') return
    this.#add(csvLine(names, names.length, { injection: this.#csvInjection, bom: false, numbersAreText: false }))
  }

  /** Adds a row as its format has it, without what parts JSON rows. */
  row(text: string): void {
    if (this.#format === 'csv') this.#add(text)
    else if (this.#format === 'ndjson') this.#add(`${text}\n`)
    else this.#add(`${this.#rows === 0 ? '[' : '\n,'}${text}`)
    this.#rows += 1
  }

  end(): { bytes: number; content: Uint8Array | undefined } {
    if (this.#format === 'json') this.#add(this.#rows === 0 ? '[]\n' : '\n]\n')
    this.#flush()
    if (this.#descriptor === undefined) return { bytes: this.#bytes, content: Buffer.concat(this.#kept) }
    this.#close(this.#descriptor)
    return { bytes: this.#bytes, content: undefined }
  }

  /** Leaves nothing behind. Idempotent. */
  discard(): void {
    if (this.#descriptor !== undefined) this.#close(this.#descriptor)
    if (this.#isWritten) rmSync(this.#file, { force: true })
    this.#isWritten = false
  }

  #close(descriptor: number): void {
    this.#descriptor = undefined
    closeSync(descriptor)
  }

  #add(text: string): void {
    this.#text += text
    if (this.#text.length >= PIECE_BYTES) this.#flush()
  }

  #flush(): void {
    const piece = Buffer.from(this.#text)
    this.#text = ''
    this.#bytes += piece.length
    if (this.#bytes > this.#maxBytes) {
      throw new TaskFailed({ kind: 'limit', message: `the rows of the answer have more than ${this.#maxBytes} bytes` })
    }
    this.#kept.push(piece)
    if (this.#descriptor === undefined && this.#bytes <= INLINE_BYTES) return
    this.#descriptor ??= openSync(this.#file, 'wx', 0o600)
    this.#isWritten = true
    for (const kept of this.#kept.splice(0)) writeAll(this.#descriptor, kept)
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
}
