import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import {
  encode,
  type Field,
  fieldOf,
  I32,
  I64,
  LIST,
  type List,
  readStruct,
  STRUCT,
  type Struct,
  type Value,
  writeStruct,
} from './thrift.ts'

const MAGIC = Buffer.from('PAR1')
/** Levels of a footer below which nothing is of interest: the file, a row group, a chunk of a column, what is said of it. */
const LEVELS = 3
/** Bytes after the footer: its length, and `PAR1`. */
const TAIL_BYTES = 8
const COPY_BYTES = 1024 * 1024

// Fields of the structs of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const FILE = { version: 1, schema: 2, rows: 3, rowGroups: 4, createdBy: 6, orders: 7 }
const ELEMENT_CHILDREN = 5
const GROUP = { columns: 1, bytes: 2, rows: 3, fileOffset: 5, compressedBytes: 6 }
const CHUNK = { fileOffset: 2, meta: 3 }
const META = {
  compressedBytes: 7,
  dataOffset: 9,
  indexOffset: 10,
  dictionaryOffset: 11,
  bloomOffset: 14,
  bloomBytes: 15,
}
const OFFSETS = [META.dataOffset, META.indexOffset, META.dictionaryOffset]

/**
 * Joins Parquet files to one. Those of a list have columns beside one another, with the same rows in the same row groups; the
 * rows of the next list come below. What pages hold is copied as it is, and files that were copied are removed. Memory
 * holds what the footers of one list say, and the new one as bytes.
 */
export function joinParquet(lists: Iterable<readonly string[]>, target: string): void {
  const output = new Output(target)
  try {
    output.write(MAGIC)
    let first: Struct[] | undefined
    const groups: Value[] = []
    let rows = 0
    for (const paths of lists) {
      const parts = paths.map((path) => ({ path, footer: readFooter(path) }))
      first ??= parts.map(({ footer }) => footer.filter(({ id }) => id !== FILE.rowGroups))
      const count = structs(parts[0]?.footer ?? [], FILE.rowGroups).length
      for (let index = 0; index < count; index += 1) groups.push(joinGroup(parts, index, output, groups.length))
      rows += number(parts[0]?.footer ?? [], FILE.rows)
      for (const path of paths) rmSync(path)
    }
    const footer = writeStruct(joinFooters(first ?? [], groups, rows))
    output.write(footer)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(footer.length)
    output.write(length)
    output.write(MAGIC)
  } finally {
    output.close()
  }
}

interface Part {
  readonly path: string
  readonly footer: Struct
}

/** Copies the pages of one row group of each file; returns what a footer says of it. */
function joinGroup(parts: readonly Part[], index: number, output: Output, ordinal: number): Value {
  const columns: Value[] = []
  const start = output.length
  let bytes = 0
  let rows: number | undefined
  for (const { path, footer } of parts) {
    const group = structs(footer, FILE.rowGroups)[index] ?? []
    rows ??= number(group, GROUP.rows)
    if (rows !== number(group, GROUP.rows)) throw new RangeError('row groups have not the same rows')
    bytes += number(group, GROUP.bytes)
    const input = openSync(path, 'r')
    try {
      for (const chunk of structs(group, GROUP.columns)) {
        const meta = fieldOf(chunk, CHUNK.meta) as Struct
        const offsets = OFFSETS.map((id) => fieldOf(meta, id)).filter(
          (offset) => typeof offset === 'number' && offset > 0,
        )
        const from = Math.min(...(offsets as number[]))
        const moved = output.length - from
        output.copy(input, from, number(meta, META.compressedBytes))
        columns.push(encode(chunk.filter(({ id }) => id <= CHUNK.meta).map((field) => moveChunk(field, moved))))
      }
    } finally {
      closeSync(input)
    }
  }
  return encode([
    { id: GROUP.columns, type: LIST, value: { type: STRUCT, items: columns } },
    { id: GROUP.bytes, type: I64, value: bytes },
    { id: GROUP.rows, type: I64, value: rows ?? 0 },
    { id: GROUP.fileOffset, type: I64, value: start },
    { id: GROUP.compressedBytes, type: I64, value: output.length - start },
    // Its type is i16, of which a file may have fewer than there may be row groups.
    ...(ordinal < 0x8000 ? [{ id: 7, type: 4, value: ordinal }] : []),
  ])
}

function moveChunk(field: Field, moved: number): Field {
  // Deprecated, and by the format 0 where no metadata stands beside the pages.
  if (field.id === CHUNK.fileOffset) return { ...field, value: 0 }
  if (field.id !== CHUNK.meta) return field
  const meta = (field.value as Struct)
    .filter(({ id }) => id !== META.bloomOffset && id !== META.bloomBytes)
    .map((one) =>
      OFFSETS.includes(one.id) && one.value !== 0 ? { ...one, value: (one.value as number) + moved } : one,
    )
  return { ...field, value: meta }
}

function joinFooters(footers: readonly Struct[], groups: readonly Value[], rows: number): Struct {
  const leaves = footers.flatMap((footer) => structs(footer, FILE.schema).slice(1))
  const [root = []] = structs(footers[0] ?? [], FILE.schema)
  const schema = [root.map((one) => (one.id === ELEMENT_CHILDREN ? { ...one, value: leaves.length } : one)), ...leaves]
  const orders = footers.flatMap((footer) => structs(footer, FILE.orders))
  const createdBy = footers[0]?.find(({ id }) => id === FILE.createdBy)
  return [
    { id: FILE.version, type: I32, value: fieldOf(footers[0] ?? [], FILE.version) ?? 1 },
    { id: FILE.schema, type: LIST, value: { type: STRUCT, items: schema } },
    { id: FILE.rows, type: I64, value: rows },
    { id: FILE.rowGroups, type: LIST, value: { type: STRUCT, items: [...groups] } },
    ...(createdBy === undefined ? [] : [createdBy]),
    ...(orders.length === leaves.length
      ? [{ id: FILE.orders, type: LIST, value: { type: STRUCT, items: orders } }]
      : []),
  ]
}

function structs(struct: Struct, id: number): readonly Struct[] {
  return ((fieldOf(struct, id) as List | undefined)?.items ?? []) as Struct[]
}

function number(struct: Struct, id: number): number {
  const value = fieldOf(struct, id)
  if (typeof value !== 'number') throw new RangeError(`a struct of Parquet has no number as field ${id}`)
  return value
}

function readFooter(path: string): Struct {
  const { size } = statSync(path)
  const input = openSync(path, 'r')
  try {
    const length = readAt(input, size - TAIL_BYTES, 4).readUInt32LE()
    return readStruct(readAt(input, size - TAIL_BYTES - length, length), LEVELS)
  } finally {
    closeSync(input)
  }
}

function readAt(descriptor: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; ) {
    const read = readSync(descriptor, bytes, at, length - at, from + at)
    if (read === 0) throw new RangeError('a Parquet file is cut off')
    at += read
  }
  return bytes
}

/** A file that is written from its beginning to its end. */
class Output {
  readonly #descriptor: number
  length = 0

  constructor(path: string) {
    this.#descriptor = openSync(path, 'wx', 0o600)
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
    this.length += bytes.length
  }

  copy(source: number, from: number, length: number): void {
    for (let at = 0; at < length; at += COPY_BYTES)
      this.write(readAt(source, from + at, Math.min(COPY_BYTES, length - at)))
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
