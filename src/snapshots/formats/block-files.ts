import { type Block, ROW_END } from '../../blocks/block.ts'
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
import { ENCODE_MODULE, type EncodedPiece, encodeRows, type RowLayout } from './encode-rows.ts'
import { fileName } from './file-names.ts'

const BOM = '\uFEFF'

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
    const headers = header?.length ?? 0
    const allNames = namesOf(area, header)
    const lineWidth = Math.max(written.width, block.width, headers)
    if (written.nextRow === area.rectangle.startRow) await this.#append(area, this.#heads(allNames?.slice(0, headers)))
    if (block.rows > 0) {
      const names = allNames?.slice(0, Math.max(block.width, headers))
      const layout = { formats: this.#formats, csv: this.#csv, names, headers, lineWidth }
      // Blank rows count now that another row follows. Of each there is nothing but its end.
      const blank = { cells: new Uint8Array(written.blankRows).fill(ROW_END), rows: written.blankRows }
      let isFirstRow = written.rows === 0
      for (const rows of [blank, block]) {
        for await (const content of this.#encode(rows, layout)) {
          await this.#append(area, content, isFirstRow)
          isFirstRow = false
          for (const { buffer } of content) buffer.transfer(0)
        }
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

  /** Encodes rows, piece by piece. */
  async *#encode(
    { cells, rows }: Pick<Block, 'cells' | 'rows'>,
    layout: RowLayout,
  ): AsyncGenerator<EncodedPiece['content']> {
    let next = { cells, at: 0 }
    for (let left = rows; left > 0; ) {
      const piece = await this.#workers.run(ENCODE_MODULE, encodeRows, { ...layout, ...next, rows: left })
      yield piece.content
      next = { cells: piece.cells, at: piece.at }
      left -= piece.rows
    }
    next.cells.buffer.transfer(0)
  }

  /** Gives every line of a CSV file the columns that were only found further down. */
  async #widen(name: string, names: readonly string[] | undefined, { header, width }: WrittenArea): Promise<void> {
    const replaced = this.#csvHead(names?.slice(0, header?.length)).length
    const head = this.#csvHead(names?.slice(0, width))
    await this.#draft.rewrite(name, padCsv(this.#draft.read(name), { width, head, replaced }))
  }
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
    loading: written.loading + block.loadingCells,
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
