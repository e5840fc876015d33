import { join } from 'node:path'
import { AppError } from '../../errors.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import { FolderFlush, makeDurableFolder } from './folder-flush.ts'
import type { Layout } from './folder-layout.ts'
import { formatKeyRecord, type KeyRecord, parseKeyRecord } from './key-record.ts'
import { errnoOf } from './storage-errors.ts'
import type { TempFile, TempFiles } from './temp-files.ts'

/** One record of a key and the file it lies in. */
export interface KeyFile {
  readonly path: string
  readonly record: KeyRecord
}

export interface KeyChain {
  /** The records of a key, oldest first. */
  readonly chain: readonly KeyFile[]
  /** Path of the one that would come next. */
  readonly next: string
}

/** The files of idempotency keys; see `FileIdempotency` for what they mean. */
export class KeyFiles {
  readonly #fs: FileSystem
  readonly #layout: Layout
  readonly #temps: TempFiles
  readonly #flush: FolderFlush

  constructor(fs: FileSystem, layout: Layout, temps: TempFiles) {
    this.#fs = fs
    this.#layout = layout
    this.#temps = temps
    this.#flush = new FolderFlush(fs, layout.keys)
  }

  async start(): Promise<void> {
    for (const folder of [this.#layout.temps, this.#layout.keys]) await makeDurableFolder(this.#fs, folder)
  }

  async chain(key: string): Promise<KeyChain> {
    const chain: KeyFile[] = []
    for (let next = this.#path(key); ; ) {
      const record = await this.#read(next)
      if (record === undefined) return { chain, next }
      chain.push({ path: next, record })
      next = this.#path(key, record.nonce)
    }
  }

  /** Gives a new record its name; resolves to false, and has changed nothing, when somebody else has it. */
  async link(path: string, record: KeyRecord): Promise<boolean> {
    const temp = await this.#write(record)
    try {
      await this.#fs.link(temp.path, path)
      return true
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
      return false
    } finally {
      await this.#temps.abandon(temp)
    }
  }

  async rewrite(path: string, record: KeyRecord): Promise<void> {
    const temp = await this.#write(record)
    try {
      await this.#fs.rename(temp.path, path)
      this.#temps.done(temp)
    } catch (error) {
      await this.#temps.abandon(temp)
      throw error
    }
  }

  async unlink(path: string): Promise<void> {
    try {
      await this.#fs.unlink(path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }

  /** Makes durable what was linked and rewritten before. */
  flush(): Promise<void> {
    return this.#flush.flush()
  }

  /** The keys whose first record had expired at `now`. What continues a key that is no more is removed on the way. */
  async *expired(now: Date): AsyncIterable<string> {
    for await (const names of this.#fs.list(this.#layout.keys)) {
      for (const name of names) {
        const [, key, predecessor] = /^([0-9a-f]{64})(?:\.([0-9a-f]{12}))?\.json$/.exec(name) ?? []
        if (key === undefined) continue
        const first = this.#fs.identify(this.#path(key))
        // The time of modification is that of expiry, so that what is still valid need not be read.
        if (predecessor === undefined && first !== undefined && first.modifiedMicros / 1000 <= now.getTime()) yield key
        // The next first record will have another nonce, so nothing ever leads here again.
        if (predecessor !== undefined && first === undefined) await this.unlink(join(this.#layout.keys, name))
      }
    }
  }

  /** Where the first record of a key lies, or the successor of the one with this nonce. */
  #path(key: string, predecessor?: string): string {
    return join(this.#layout.keys, predecessor === undefined ? `${key}.json` : `${key}.${predecessor}.json`)
  }

  #write(record: KeyRecord): Promise<TempFile> {
    const options = { sync: true, revision: 0, modified: new Date(record.expiresAt) }
    return this.#temps.write({ kind: 'other', base: 'none' }, formatKeyRecord(record), options)
  }

  async #read(path: string): Promise<KeyRecord | undefined> {
    let bytes: Buffer
    try {
      bytes = (await this.#fs.read(path)).bytes
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined
      throw error
    }
    try {
      return parseKeyRecord(bytes)
    } catch (error) {
      // A SyntaxError of JSON or a ZodError: either way nobody knows what the key was used for.
      throw new AppError('STORAGE_UNAVAILABLE', 'The record of this idempotency key is damaged.', {
        cause: error,
        hint: 'Use another Idempotency-Key, after a look whether the sync was started.',
      })
    }
  }
}
