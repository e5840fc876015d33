import { writeAll } from '../../../disk/file-operations.ts'
import type { FileSystem } from '../../../ports/file-system.ts'
import { packMember } from './gzip-member.ts'
import type { EntryOf, IndexEntry } from './index-entry.ts'

/** Bytes of lines after which a member is closed: what is unpacked to read one line. */
const MEMBER_BYTES = 64 * 1024

/** Writes lines as gzip members at the end of an open file, and tells where each lies. */
export class MemberWriter {
  readonly entries: IndexEntry[] = []
  readonly #fs: FileSystem
  readonly #descriptor: number
  #offset: number
  #lines: { readonly entry: EntryOf; readonly start: number; readonly size: number }[] = []
  #pieces: Buffer[] = []
  #length = 0

  /** `offset`: bytes of the file so far. */
  constructor(fs: FileSystem, descriptor: number, offset: number) {
    this.#fs = fs
    this.#descriptor = descriptor
    this.#offset = offset
  }

  /** Bytes of the file so far, once `flush` has resolved. */
  get offset(): number {
    return this.#offset
  }

  async add(entry: EntryOf, line: Buffer): Promise<void> {
    this.#lines.push({ entry, start: this.#length, size: line.length })
    this.#pieces.push(line, Buffer.from('\n'))
    this.#length += line.length + 1
    if (this.#length >= MEMBER_BYTES) await this.flush()
  }

  /** Closes the member that is begun. */
  async flush(): Promise<void> {
    if (this.#lines.length === 0) return
    const member = await packMember(Buffer.concat(this.#pieces))
    const place = { offset: this.#offset, length: member.length }
    await this.addMember(member)
    for (const { entry, start, size } of this.#lines) this.entries.push({ ...entry, ...place, start, size })
    this.#lines = []
    this.#pieces = []
    this.#length = 0
  }

  /** Writes bytes of whole members as they are. */
  async addMember(bytes: Buffer): Promise<void> {
    await writeAll(this.#fs, this.#descriptor, bytes)
    this.#offset += bytes.length
  }
}
