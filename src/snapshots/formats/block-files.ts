import { type Block, ROW_END } from '../../blocks/block.ts'
import { MOST_NAME_BYTES, nameBytes, nameColumns } from '../../blocks/column-names.ts'
import { settleAll } from '../../concurrency/settle-all.ts'
import type { WorkerPool } from '../../concurrency/worker-pool.ts'
import { AppError } from '../../errors.ts'
import { columnCount } from '../../model/rectangle.ts'
import { type SnapshotFormat, TEXT_FORMATS, type TextFormat } from '../../model/sync-request.ts'
import type { WrittenArea, WrittenFile } from '../../model/written-area.ts'
import type { AreaWriter, BlockWriter, FileFormat } from '../../ports/block-writer.ts'
import type { ParquetEncoder } from '../../ports/parquet-encoder.ts'
import type { Area } from '../../ports/sheet-source.ts'
import type { SnapshotDraft } from '../../ports/snapshot-store.ts'
import { areaAfter } from './area-after.ts'
import type { BlockTally } from './block-tally.ts'
import { type CsvOptions, csvLine, csvSyntax } from './csv-rows.ts'
import { ENCODE_MODULE, type EncodedPiece, encodeRows, type RowLayout } from './encode-rows.ts'
import { withEngineRetries } from './engine-retries.ts'
import { fileName } from './file-names.ts'
import { columnKeys, jsonSyntax } from './json-rows.ts'
import { padRows } from './row-padding.ts'

const BOM = '\uFEFF'

/** Files of JSON, NDJSON, CSV and Parquet. */
export class BlockFiles implements BlockWriter {
  readonly #workers: WorkerPool
  readonly #parquet: ParquetEncoder | undefined

  /** `workers`: threads to encode on. `parquet`: without one no Parquet is written. */
  constructor(workers: WorkerPool, parquet?: ParquetEncoder) {
    this.#workers = workers
    this.#parquet = parquet
  }

  async open(draft: SnapshotDraft, format: FileFormat, signal: AbortSignal): Promise<AreaWriter> {
    const isWanted = format.formats.includes('parquet')
    if (isWanted && this.#parquet === undefined) throw new TypeError('there is nobody to make Parquet')
    const parquet = isWanted ? this.#parquet : undefined
    // Nobody is to learn at the end of a download that it cannot be written.
    await withEngineRetries(async () => parquet?.assertAvailable(signal), signal)
    return new AreaFiles(this.#workers, draft, format, { signal, parquet })
  }
}

interface AreaFilesOptions {
  readonly signal: AbortSignal
  /** Set when Parquet is to be written. */
  readonly parquet: ParquetEncoder | undefined
}

class AreaFiles implements AreaWriter {
  readonly #workers: WorkerPool
  readonly #parquet: ParquetEncoder | undefined
  readonly #draft: SnapshotDraft
  readonly #wanted: readonly SnapshotFormat[]
  /** The formats that are written row by row: those that are wanted, and what Parquet is made of. */
  readonly #formats: readonly TextFormat[]
  readonly #csv: CsvOptions
  readonly #signal: AbortSignal
  /** Bytes of the names of each area, by its file. */
  readonly #nameBytes = new Map<string, number>()

  constructor(
    workers: WorkerPool,
    draft: SnapshotDraft,
    { formats, csv, values }: FileFormat,
    { signal, parquet }: AreaFilesOptions,
  ) {
    this.#workers = workers
    this.#parquet = parquet
    this.#draft = draft
    this.#signal = signal
    this.#wanted = formats
    const sources = parquet === undefined ? formats : [...formats, 'ndjson']
    this.#formats = TEXT_FORMATS.filter((format) => sources.includes(format))
    this.#csv = { ...csv, numbersAreText: values === 'formatted' }
  }

  async write(area: Area, written: WrittenArea, block: Block): Promise<WrittenArea> {
    const width = Math.max(written.width, block.width)
    const names = namesOf(area, block.header ?? written.header)?.slice(0, width)
    this.#assertNamesFit(area, names)
    if (written.nextRow === area.rectangle.startRow) await this.#append(area, this.#heads(names))
    let tally: BlockTally | undefined
    if (block.rows > 0) {
      const layout = { formats: this.#formats, csv: this.#csv, keys: columnKeys(names, width) }
      // Blank rows count now that another row follows. Of each there is nothing but its end.
      const blank = { cells: new Uint8Array(written.blankRows).fill(ROW_END), rows: written.blankRows }
      let isFirstRow = written.rows === 0
      for (const rows of [blank, block]) {
        for await (const { content, tally: counted } of this.#encode(rows, layout)) {
          if (rows === block) tally ??= counted
          await this.#append(area, content, isFirstRow)
          isFirstRow = false
          for (const { buffer } of content) buffer.transfer(0)
        }
      }
    }
    return areaAfter(block, area, written, { width, tally })
  }

  async finish(area: Area, written: WrittenArea): Promise<WrittenArea> {
    // An area without rows in its grid was never begun.
    if (written.nextRow === area.rectangle.startRow) await this.#append(area, this.#heads(undefined))
    await this.#append(
      area,
      this.#formats.map((format) => utf8(format !== 'json' ? '' : written.rows === 0 ? '[]\n' : '\n]\n')),
    )
    const names = namesOf(area, written.header)
    await settleAll(this.#formats.map((format) => this.#widen(nameOf(area, format), format, names, written)))
    return { ...written, files: await this.#files(area, TEXT_FORMATS) }
  }

  async convert(area: Area, written: WrittenArea): Promise<WrittenArea> {
    const parquet = this.#parquet
    if (parquet === undefined) return written
    const names = namesOf(area, written.header)
    await withEngineRetries(() => this.#addParquet(parquet, area, names, written), this.#signal)
    return { ...written, files: await this.#files(area, this.#wanted) }
  }

  /** What there is of an area in those of these formats that are wanted. */
  #files(area: Area, formats: readonly SnapshotFormat[]): Promise<WrittenFile[]> {
    return settleAll(
      this.#wanted
        .filter((format) => formats.includes(format))
        .map(async (format): Promise<WrittenFile> => {
          const name = nameOf(area, format)
          return { name, format, ...(await this.#draft.stat(name)) }
        }),
    )
  }

  /** Makes Parquet of the NDJSON that is staged; where that is not wanted itself, it goes when the draft is published. */
  async #addParquet(
    parquet: ParquetEncoder,
    area: Area,
    names: readonly string[] | undefined,
    written: WrittenArea,
  ): Promise<void> {
    const { rows: count, width, tallies } = written
    const { title, rectangle } = area
    const columnNames = names?.slice(0, width) ?? null
    const tab = { title, rows: count, columns: width, columnNames, rectangle, tallies }
    const name = nameOf(area, 'parquet')
    const rows = this.#read(nameOf(area, 'ndjson'))
    for await (const bytes of parquet.encode(rows, tab, this.#signal)) await this.#draft.append(name, bytes)
  }

  /** Rejects names before anything is written by them: no repeat of the sync could help. */
  #assertNamesFit(area: Area, names: readonly string[] = []): void {
    this.#nameBytes.set(nameOf(area, 'json'), nameBytes(names))
    const bytes = this.#nameBytes.values().reduce((sum, one) => sum + one, 0)
    if (bytes <= MOST_NAME_BYTES) return
    throw new AppError(
      'HEADER_TOO_LARGE',
      `With "${area.title}" the column names have ${bytes} bytes; ${MOST_NAME_BYTES} are possible for all tabs together.`,
    )
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

  /** Encodes rows, piece by piece. Checkpoints come between blocks, so none is ever made where a piece ends within a row. */
  async *#encode(
    { cells, rows }: Pick<Block, 'cells' | 'rows'>,
    layout: RowLayout,
  ): AsyncGenerator<Pick<EncodedPiece, 'content' | 'tally'>> {
    let next = { cells, at: 0, column: 0 }
    for (let left = rows; left > 0; ) {
      const piece = await this.#workers.run(ENCODE_MODULE, encodeRows, { ...layout, ...next, rows: left })
      yield piece
      next = { cells: piece.cells, at: piece.at, column: piece.column }
      left -= piece.rows
    }
    next.cells.buffer.transfer(0)
  }

  /** Gives the rows of a file the columns that were only found further down. The file is written once more for that. */
  async #widen(
    name: string,
    format: TextFormat,
    allNames: readonly string[] | undefined,
    { width, headWidth, rowWidth }: WrittenArea,
  ): Promise<void> {
    const names = allNames?.slice(0, width)
    const isCsv = format === 'csv'
    const isHeadNarrow = isCsv && names !== undefined && headWidth < width
    if (!isHeadNarrow && (rowWidth ?? width) === width) return
    const head = isCsv ? this.#csvHead(names) : new Uint8Array()
    const replaced = isCsv ? this.#csvHead(names?.slice(0, headWidth)).length : 0
    const syntax = isCsv ? csvSyntax(width) : jsonSyntax(columnKeys(names, width))
    await this.#draft.rewrite(name, padRows(this.#read(name), syntax, { head, replaced }))
  }

  /** Reads back what is staged, as long as it is of use. */
  async *#read(name: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#draft.read(name)) {
      this.#signal.throwIfAborted()
      yield chunk
    }
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
