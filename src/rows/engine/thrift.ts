/**
 * Thrift's compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md), as far as the
 * footer of a Parquet file needs it: what it says is kept whether its fields are known here or not, and what nobody looks
 * into as the bytes that it is.
 */
export interface Field {
  readonly id: number
  readonly type: number
  value: Value
}
export type Struct = Field[]
export interface List {
  readonly type: number
  readonly items: Value[]
}
/** A value as it is encoded: a part of a buffer, as a view of each would take more memory than most values. */
export interface Encoded {
  readonly buffer: Uint8Array
  readonly from: number
  readonly to: number
}
export type Value = boolean | number | Encoded | List | Struct

export const I32 = 5
export const I64 = 6
export const LIST = 9
export const STRUCT = 12
const [TRUE, FALSE, BYTE, I16, DOUBLE, BINARY, SET] = [1, 2, 3, 4, 7, 8, 10]
const LONG_LIST = 15

/** The value of a field; `undefined` where there is none. */
export function fieldOf(struct: Struct, id: number): Value | undefined {
  return struct.find((field) => field.id === id)?.value
}

/**
 * Reads the one struct that these bytes are: its values, and those of the structs in it, so many levels deep; what lies
 * deeper stays encoded. Throws a RangeError when they are none.
 */
export function readStruct(bytes: Uint8Array, levels: number): Struct {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  return struct(levels)

  function byte(): number {
    at += 1
    return view.getUint8(at - 1)
  }

  function varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const next = byte()
      value += (next & 0x7f) * scale
      if (next < 0x80) break
    }
    if (!Number.isSafeInteger(value)) throw new RangeError('a number has more than 53 bits')
    return value
  }

  function integer(): number {
    const value = varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** Reads the head of each field. */
  function* heads(): Generator<{ id: number; type: number }> {
    for (let id = 0; ; ) {
      const head = byte()
      if (head === 0) return
      id = head < 0x10 ? integer() : id + (head >> 4)
      yield { id, type: head & 0x0f }
    }
  }

  function struct(left: number): Struct {
    return Array.from(heads(), ({ id, type }) => ({
      id,
      type,
      value: isBoolean(type) ? type === TRUE : value(type, left),
    }))
  }

  function listHead(): { type: number; length: number } {
    const head = byte()
    return { type: head & 0x0f, length: head >> 4 === LONG_LIST ? varint() : head >> 4 }
  }

  function list(left: number): List {
    const { type, length } = listHead()
    // Booleans of a list have a byte each.
    return { type, items: Array.from({ length }, () => (isBoolean(type) ? byte() === TRUE : value(type, left))) }
  }

  function value(type: number, left: number): Value {
    if (type === BYTE) return byte()
    if (type === I16 || type === I32 || type === I64) return integer()
    if (left > 0 && (type === LIST || type === SET)) return list(left)
    if (left > 0 && type === STRUCT) return struct(left - 1)
    const from = at
    skip(type)
    if (at > bytes.length) throw new RangeError('a value is cut off')
    return { buffer: bytes, from, to: at }
  }

  function skip(type: number): void {
    if (type === BYTE) at += 1
    else if (type === I16 || type === I32 || type === I64) varint()
    else if (type === DOUBLE) at += 8
    else if (type === BINARY) {
      const length = varint()
      at += length
    } else if (type === STRUCT) for (const field of heads()) isBoolean(field.type) || skip(field.type)
    else if (type === LIST || type === SET) {
      const { type: own, length } = listHead()
      for (let item = 0; item < length; item += 1) skip(isBoolean(own) ? BYTE : own)
    } else throw new RangeError(`Thrift has no type ${type} in a footer of Parquet`)
  }
}

function isBoolean(type: number): boolean {
  return type === TRUE || type === FALSE
}

/** A struct as the value that is written for it. */
export function encode(fields: Struct): Encoded {
  const buffer = writeStruct(fields)
  return { buffer, from: 0, to: buffer.length }
}

/** Writes a struct; reads back as it is. */
export function writeStruct(fields: Struct): Buffer {
  const pieces: Uint8Array[] = []
  let head: number[] = []
  struct(fields)
  flush()
  return Buffer.concat(pieces)

  function flush(): void {
    pieces.push(Uint8Array.from(head))
    head = []
  }

  function varint(value: number): void {
    let left = value
    for (; left >= 0x80; left = Math.floor(left / 0x80)) head.push((left % 0x80) + 0x80)
    head.push(left)
  }

  function integer(value: number): void {
    varint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  function struct(list: Struct): void {
    let last = 0
    for (const { id, type, value } of list) {
      const step = id - last
      const own = typeof value === 'boolean' ? (value ? TRUE : FALSE) : type
      if (step > 0 && step < 0x10) head.push((step << 4) | own)
      else {
        head.push(own)
        integer(id)
      }
      last = id
      if (typeof value !== 'boolean') any(type, value)
    }
    head.push(0)
  }

  function any(type: number, value: Value): void {
    if (typeof value === 'boolean') head.push(value ? TRUE : FALSE)
    else if (typeof value === 'number') type === BYTE ? head.push(value) : integer(value)
    else if ('buffer' in value) {
      flush()
      pieces.push(value.buffer.subarray(value.from, value.to))
    } else if (Array.isArray(value)) struct(value)
    else {
      if (value.items.length < LONG_LIST) head.push((value.items.length << 4) | value.type)
      else {
        head.push((LONG_LIST << 4) | value.type)
        varint(value.items.length)
      }
      for (const item of value.items) any(value.type, item)
    }
  }
}
