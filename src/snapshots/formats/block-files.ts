import type { Block } from '../../blocks/block.ts'
import { nameColumns } from '../../blocks/column-names.ts'
import { settleAll } from '../../concurrency/settle-all.ts'
import type { WorkerPool } from '../../concurrency/worker-pool.ts'
import { columnCount } from '../../model/rectangle.ts'
import type { SnapshotFormat } from '../../model/sync-request.ts'
import type { WrittenArea, WrittenFile } from '../../model/written-area.ts'
import type { AreaWriter, BlockWriter, FileFormat } from '../../ports/block-writer.ts'
import type { Area } from '../../ports/sheet-source.ts'
import type { SnapshotDraft } from '../../ports/snapshot-store.ts'
import { padCsv } from './csv-padding.ts'
import { type CsvOptions, csvLine } from './csv-rows.ts'
import { encodeRows, PIECE_BYTES } from './encode-rows.ts'
import { fileName } from './file-names.ts'
import { blankRow } from './json-rows.ts'

const BOM = '\uFEFF'
const WORKER = new URL('encode-worker.ts', import.meta.url)

/** Bytes, about, of blank rows that are made at a time: a million of them may lie between two others. */
const BLANKS_AT_ONCE = 262_144

/** How much larger rows are than the cells they are made of, beside the names of their columns. */
const GROWTH = 1.2

/** Bytes by which a piece may be longer than it should, as its last row is written whole. */
const LAST_ROW_BYTES = 65_536

/** Files of JSON, NDJSON and CSV. */
export class BlockFiles implements BlockWriter {
  readonly #workers: WorkerPool

  /** `workers`: threads to encode on. */
  constructor(workers: WorkerPool) {
    this.#workers = workers
  }

  open(draft: SnapshotDraft, format: FileFormat): AreaWriter {
    return new AreaFiles(this.#workers, draft, format)
  }
}

class AreaFiles implements AreaWriter {
  readonly #workers: WorkerPool
  readonly #draft: SnapshotDraft
  readonly #formats: readonly SnapshotFormat[]
  readonly #csv: CsvOptions

  constructor(workers: WorkerPool, draft: SnapshotDraft, { formats, csv, values }: FileFormat) {
    this.#workers = workers
    this.#draft = draft
    this.#formats = formats
    this.#csv = { ...csv, numbersAreText: values === 'formatted' }
  }

  async write(area: Area, written: WrittenArea, block: Block): Promise<WrittenArea> {
    const header = block.header ?? written.header
    const names = namesOf(area, header)
    const isFirst = written.nextRow === area.rectangle.startRow
    const lineWidth = Math.max(written.width, block.width, header?.length ?? 0)
    if (isFirst) await this.#append(area, this.#heads(names?.slice(0, header?.length)))
    if (block.rows > 0) {
      let isFirstRow = written.rows === 0
      for await (const content of this.#rows(written.blankRows, block, { header, names, lineWidth })) {
        await this.#append(area, content, isFirstRow)
        isFirstRow = false
        for (const { buffer } of content) this.#workers.buffers.release(buffer)
      }
    }
    return advanced(written, block, lineWidth)
  }

  async finish(area: Area, written: WrittenArea): Promise<WrittenArea> {
    const { header, rows, width, lineWidth } = written
    // An area without rows in its grid was never begun.
    if (written.nextRow === area.rectangle.startRow) await this.#append(area, this.#heads(undefined))
    await this.#append(
      area,
      this.#formats.map((format) => utf8(format !== 'json' ? '' : rows === 0 ? '[]\n' : '\n]\n')),
    )
    const files = await settleAll(
      this.#formats.map(async (format): Promise<WrittenFile> => {
        const name = nameOf(area, format)
        if (format === 'csv' && (lineWidth ?? width) < width) await this.#widen(name, namesOf(area, header), written)
        return { name, format, ...(await this.#draft.stat(name)) }
      }),
    )
    return { ...written, files }
  }

  /** Appends to each file of an area what its format has for it. */
  async #append(area: Area, content: readonly Uint8Array[], isFirstRow = false): Promise<void> {
    await settleAll(
      this.#formats.map(async (format, index) => {
        const bytes = content[index]
        if (bytes === undefined) throw new TypeError(`nothing was made for ${format}`)
        // Every JSON row is written with a comma before it; that of the first one becomes the bracket that opens the array.
        if (isFirstRow && format === 'json') bytes[0] = 0x5b
        await this.#draft.append(nameOf(area, format), bytes)
      }),
    )
  }

  /** What the files begin with. */
  #heads(names: readonly string[] | undefined): Uint8Array[] {
    return this.#formats.map((format) => (format === 'csv' ? this.#csvHead(names) : new Uint8Array()))
  }

  #csvHead(names: readonly string[] = []): Uint8Array {
    return utf8((this.#csv.bom ? BOM : '') + (names.length === 0 ? '' : csvLine(names, names.length, this.#csv)))
  }

  /** The blank rows before a block, and then its own, piece by piece. */
  async *#rows(blankRows: number, block: Block, columns: Columns): AsyncGenerator<readonly Uint8Array<ArrayBuffer>[]> {
    const blanks = blankRows === 0 ? [] : this.#formats.map((format) => this.#blankRow(format, columns))
    const atOnce = Math.max(1, Math.floor(BLANKS_AT_ONCE / Math.max(1, ...blanks.map(({ length }) => length))))
    for (let left = blankRows; left > 0; left -= atOnce) {
      yield blanks.map((row) => utf8(row.repeat(Math.min(left, atOnce))))
    }
    const { header, names, lineWidth } = columns
    const headers = header?.length ?? 0
    const columnsUsed = names?.slice(0, Math.max(block.width, headers))
    const rowBytes = block.cells.length / block.rows + utf8((columnsUsed ?? []).join('')).length
    const layout = { formats: this.#formats, csv: this.#csv, names: columnsUsed, headers, lineWidth }
    let { cells } = block
    let at = 0
    for (let rows = block.rows; rows > 0; ) {
      const expected = Math.min(PIECE_BYTES, Math.ceil(rowBytes * rows * GROWTH)) + LAST_ROW_BYTES
      const rooms = this.#formats.map(() => this.#workers.buffers.acquire(expected))
      const task = { ...layout, cells, at, rows, rooms }
      const piece = await this.#workers.run({ run: encodeRows, file: WORKER }, task, [cells.buffer, ...rooms])
      yield piece.content
      ;({ cells, at } = piece)
      rows -= piece.rows
    }
    this.#workers.buffers.release(cells.buffer)
  }

  #blankRow(format: SnapshotFormat, { header, names, lineWidth }: Columns): string {
    if (format === 'csv') return csvLine([], lineWidth, this.#csv)
    const text = blankRow(names, header?.length ?? 0)
    return format === 'json' ? `,\n${text}` : `${text}\n`
  }

  /** Gives every line of a CSV file the columns that were only found further down. */
  async #widen(name: string, names: readonly string[] | undefined, { header, width }: WrittenArea): Promise<void> {
    const replaced = this.#csvHead(names?.slice(0, header?.length)).length
    const head = this.#csvHead(names?.slice(0, width))
    await this.#draft.rewrite(name, padCsv(this.#draft.read(name), { width, head, replaced }))
  }
}

/** The columns of an area: its header cells, a name for each column, and the fields that a CSV line has now. */
interface Columns {
  readonly header: readonly string[] | null
  readonly names: readonly string[] | undefined
  readonly lineWidth: number
}

/** The state of an area after a block was written. */
function advanced(written: WrittenArea, block: Block, lineWidth: number): WrittenArea {
  const header = block.header ?? written.header
  const seen = block.endRow - written.nextRow - (block.header === undefined ? 0 : 1)
  const widths = [written.lineWidth ?? Number.POSITIVE_INFINITY]
  if (block.rows > 0) widths.push(lineWidth)
  if (block.header !== undefined) widths.push(block.header.length)
  const shortest = Math.min(...widths)
  return {
    ...written,
    nextRow: block.endRow,
    header: header === null ? null : [...header],
    numberColumns: [...new Set([...written.numberColumns, ...block.numberColumns])].sort((one, other) => one - other),
    rows: block.rows === 0 ? written.rows : written.rows + written.blankRows + block.rows,
    blankRows: block.rows === 0 ? written.blankRows + seen : seen - block.rows,
    cells: written.cells + block.filledCells,
    errors: written.errors + block.errorCells,
    width: Math.max(written.width, block.width),
    lineWidth: shortest === Number.POSITIVE_INFINITY ? null : shortest,
  }
}

function namesOf({ rectangle }: Area, header: readonly string[] | null): readonly string[] | undefined {
  return header === null ? undefined : nameColumns(header, rectangle.startColumn, columnCount(rectangle)).names
}

function nameOf({ title, gid, number }: Area, format: SnapshotFormat): string {
  return fileName(title, gid, format, number)
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
