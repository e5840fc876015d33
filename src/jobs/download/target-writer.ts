import type { SnapshotFormat, SyncRequest } from '../../model/sync-request.ts'
import type { SnapshotDraft } from '../../ports/snapshot-store.ts'
import type { SpareBuffers } from '../../sheets/buffer-pool.ts'
import { padCsv } from '../../snapshots/formats/csv-padding.ts'
import { type CsvOptions, csvLine } from '../../snapshots/formats/csv-rows.ts'
import { fileName } from '../../snapshots/formats/file-names.ts'
import { blankRow } from '../../snapshots/formats/json-rows.ts'
import type { EncodedPiece } from './block-task.ts'
import type { TargetState, WrittenFile } from './target-state.ts'

const BOM = '\uFEFF'

/** Bytes, about, of blank rows that are made at a time: a million of them may lie between two others. */
const BLANKS_AT_ONCE = 262_144

/** Appends the rows of targets to their files in a draft. One target's pieces must come one after the other, in order. */
export class TargetWriter {
  readonly #draft: SnapshotDraft
  readonly #request: SyncRequest
  readonly #spare: SpareBuffers
  readonly #csv: CsvOptions

  /** `spare` is given the buffers of what is written. */
  constructor(draft: SnapshotDraft, request: SyncRequest, spare: SpareBuffers) {
    this.#draft = draft
    this.#spare = spare
    this.#request = request
    this.#csv = { ...request.csv, numbersAreText: request.values === 'formatted' }
  }

  /** Writes the next piece, which ends before `endRow` of the grid. What is stored of the target is changed at the end. */
  async write(state: TargetState, endRow: number, encoded: EncodedPiece): Promise<void> {
    const { saved, header } = state
    const isFirst = saved.nextRow === state.target.area.startRow
    const lineWidth = Math.max(saved.width, encoded.width, header?.length ?? 0)
    await Promise.all(
      this.#request.formats.map(async (format, index) => {
        const name = this.#nameOf(state, format)
        if (isFirst) await this.#draft.append(name, this.#head(state, format, header?.length ?? 0))
        if (encoded.rows === 0) return
        let isFirstRow = saved.rows === 0
        for (const bytes of this.#blankRows(state, format, lineWidth)) {
          await this.#draft.append(name, isFirstRow ? opened(format, bytes) : bytes)
          isFirstRow = false
        }
        const content = encoded.content[index]
        if (content === undefined) throw new TypeError(`the piece was not encoded as ${format}`)
        await this.#draft.append(name, isFirstRow ? opened(format, content) : content)
        this.#spare.give(content.buffer)
      }),
    )
    const seen = endRow - saved.nextRow - (state.isHeader(saved.nextRow) ? 1 : 0)
    const blankRows = saved.blankRows + seen - encoded.rows
    const widths = [saved.lineWidth ?? Number.POSITIVE_INFINITY]
    if (encoded.rows > 0) widths.push(encoded.lineWidth, saved.blankRows > 0 ? lineWidth : encoded.lineWidth)
    if (isFirst && header !== undefined) widths.push(header.length)
    const shortest = Math.min(...widths)
    state.saved = {
      ...saved,
      nextRow: endRow,
      header: header === undefined ? null : [...header],
      numberColumns: [...state.numberColumns],
      rows: encoded.rows === 0 ? saved.rows : saved.rows + saved.blankRows + encoded.rows,
      blankRows: encoded.rows === 0 ? blankRows : seen - encoded.rows,
      cells: saved.cells + encoded.cells,
      errors: saved.errors + encoded.errors,
      width: Math.max(saved.width, encoded.width),
      lineWidth: shortest === Number.POSITIVE_INFINITY ? null : shortest,
    }
  }

  /** Ends the files of a target whose rows are all written. */
  async finish(state: TargetState): Promise<void> {
    const { saved } = state
    const files = await Promise.all(
      this.#request.formats.map(async (format): Promise<WrittenFile> => {
        const name = this.#nameOf(state, format)
        // A target without rows in its grid was never begun.
        await this.#draft.append(
          name,
          saved.nextRow === state.target.area.startRow ? this.#head(state, format, 0) : new Uint8Array(),
        )
        if (format === 'json') await this.#draft.append(name, utf8(saved.rows === 0 ? '[]\n' : '\n]\n'))
        if (format === 'csv' && (saved.lineWidth ?? saved.width) < saved.width) await this.#widen(state, name)
        return { name, format, ...(await this.#draft.stat(name)) }
      }),
    )
    state.saved = { ...saved, files }
  }

  #nameOf({ target }: TargetState, format: SnapshotFormat): string {
    return fileName(target.title, target.gid, format, target.number)
  }

  /** What a file begins with, when its rows have so many columns. */
  #head(state: TargetState, format: SnapshotFormat, width: number): Uint8Array {
    if (format !== 'csv') return new Uint8Array()
    const names = state.names.names.slice(0, width)
    return utf8((this.#request.csv.bom ? BOM : '') + (names.length === 0 ? '' : csvLine(names, width, this.#csv)))
  }

  /** Gives every line of a CSV file the columns that were only found further down. */
  async #widen(state: TargetState, name: string): Promise<void> {
    const { width } = state.saved
    const replaced = this.#head(state, 'csv', state.header?.length ?? 0).length
    const head = this.#head(state, 'csv', state.hasHeader ? width : 0)
    await this.#draft.rewrite(name, padCsv(this.#draft.read(name), { width, head, replaced }))
  }

  /** The blank rows between the last row written and the next one. */
  *#blankRows(state: TargetState, format: SnapshotFormat, lineWidth: number): Generator<Uint8Array> {
    const row = this.#blankRow(state, format, lineWidth)
    const atOnce = Math.max(1, Math.floor(BLANKS_AT_ONCE / row.length))
    for (let left = state.saved.blankRows; left > 0; left -= atOnce) yield utf8(row.repeat(Math.min(left, atOnce)))
  }

  #blankRow(state: TargetState, format: SnapshotFormat, lineWidth: number): string {
    if (format === 'csv') return csvLine([], lineWidth, this.#csv)
    const { header } = state
    const text = blankRow(header === undefined ? undefined : state.names.names, header?.length ?? 0)
    return format === 'json' ? `,\n${text}` : `${text}\n`
  }
}

/** Every JSON row is written with a comma before it; that of the first one becomes the bracket that opens the array. */
function opened(format: SnapshotFormat, bytes: Uint8Array): Uint8Array {
  if (format === 'json') bytes[0] = 0x5b
  return bytes
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
