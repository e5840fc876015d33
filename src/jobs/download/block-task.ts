import type { SnapshotFormat } from '../../model/sync-request.ts'
import type { Body, FaultKind } from '../../ports/sheet-source.ts'
import type { Rectangle } from '../../sheets/a1.ts'
import type { CsvOptions } from '../../snapshots/formats/csv-rows.ts'

/** A part of one call's answer: some rows of one tab or range. */
export interface Part {
  readonly title: string
  readonly area: Rectangle
}

/** How the columns of a piece get their names. */
export type HeaderTask =
  /** Rows are arrays. */
  | { readonly kind: 'none' }
  /** The first row of the piece names the columns. */
  | { readonly kind: 'here' }
  /** It was read before: the header cells as text. */
  | { readonly kind: 'known'; readonly header: readonly string[] }

/** A piece of rows to be written, and what is known of its columns. */
export interface Piece extends Part {
  readonly header: HeaderTask
  /** Fields that a CSV line has at least. */
  readonly width: number
  /** Which numbers are dates; absent where numbers stay numbers. */
  readonly dates?: DateMask
}

/** Row by row, for some columns of a piece, whether Google shows the cell as text: then a number there is a date. */
export interface DateMask {
  /** 0-based columns of the piece, ascending. */
  readonly columns: readonly number[]
  /** One byte for each row and column of these. */
  readonly isText: Uint8Array<ArrayBuffer>
}

/** The work that is done off the main thread. Buffers change hands with the task and its result. */
export type CodecTask =
  /** Looks for columns that hold numbers. */
  | { readonly kind: 'scan'; readonly body: Body; readonly parts: readonly Part[] }
  /** Looks which cells are text. */
  | { readonly kind: 'mask'; readonly body: Body; readonly parts: readonly Part[] }
  | {
      readonly kind: 'encode'
      readonly body: Body
      readonly parts: readonly Piece[]
      readonly formats: readonly SnapshotFormat[]
      readonly csv: CsvOptions
      /** Buffers to write into; what is not used comes back. */
      readonly spare: ArrayBuffer[]
    }

/** Why an answer is of no use. */
export interface BadAnswer {
  readonly kind: 'bad'
  readonly fault: Extract<FaultKind, 'garbled' | 'incomplete'>
  readonly message: string
}

export interface ScanResult {
  readonly kind: 'scanned'
  readonly body: Body
  /** For each part its columns that hold a number. */
  readonly numberColumns: readonly (readonly number[])[]
}

export interface MaskResult {
  readonly kind: 'masked'
  readonly body: Body
  readonly isText: readonly Uint8Array<ArrayBuffer>[]
}

export type EncodeResult =
  | {
      readonly kind: 'encoded'
      readonly body: Body
      readonly spare: readonly ArrayBuffer[]
      readonly pieces: readonly EncodedPiece[]
    }
  /** Numbers were met in columns of no mask; nothing was written, and the body comes back. */
  | { readonly kind: 'unmasked'; readonly body: Body; readonly numberColumns: readonly (readonly number[])[] }

export interface EncodedPiece {
  /** The header cells as text, if the piece began with them. */
  readonly header?: readonly string[]
  /** Rows written, blank ones before the last other one included. */
  readonly rows: number
  /** Cells that hold something. */
  readonly cells: number
  /** Cells that show an error such as `#REF!`. */
  readonly errors: number
  /** Columns up to the last one that holds something in any row. */
  readonly width: number
  /** Fields that each CSV line of the piece has at least. */
  readonly lineWidth: number
  /** In the order of the formats. Every JSON row begins with its comma, the file's first one too. */
  readonly content: readonly Uint8Array<ArrayBuffer>[]
}

export type CodecResult = BadAnswer | ScanResult | MaskResult | EncodeResult

/** The result that belongs to a task. */
export type ResultOf<Task extends CodecTask> =
  | BadAnswer
  | (Task extends { readonly kind: 'scan' }
      ? ScanResult
      : Task extends { readonly kind: 'mask' }
        ? MaskResult
        : EncodeResult)

/** The buffers that a result carries. */
export function buffersOf(result: CodecResult): ArrayBuffer[] {
  switch (result.kind) {
    case 'bad':
      return []
    case 'scanned':
    case 'unmasked':
      return [result.body.buffer]
    case 'masked':
      return [result.body.buffer, ...result.isText.map(({ buffer }) => buffer)]
    case 'encoded': {
      const written = result.pieces.flatMap(({ content }) => content.map(({ buffer }) => buffer))
      return [result.body.buffer, ...result.spare, ...written]
    }
  }
}
