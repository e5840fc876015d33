import { join } from 'node:path'
import { errnoOf } from '../../disk/disk-errors.ts'
import { AppError } from '../../errors.ts'
import { type ClaimedFile, Claims } from './claims.ts'
import { parseClaimName } from './file-names.ts'
import { FolderFlush, makeDurableFolder } from './folder-flush.ts'
import { formatKeyRecord, isKeyRecord, type KeyRecord, parseKeyRecord } from './key-record.ts'
import type { StatusFolder } from './status-folder.ts'
import { type TempFile, TempFiles } from './temp-files.ts'

/**
 * The records of idempotency keys. A first one is linked to its name, which fails if that is taken; each later one takes
 * its place through {@link Claims}, with the nonce of the record as its base, which no later record ever has again.
 */
export class KeyFiles {
  readonly #folder: StatusFolder
  readonly #temps: TempFiles
  readonly #claims: Claims
  readonly #flush: FolderFlush

  constructor(folder: StatusFolder) {
    this.#folder = folder
    this.#temps = new TempFiles(folder)
    this.#claims = new Claims(folder, this.#temps, folder.keyClaims)
    this.#flush = new FolderFlush(folder.fs, folder.keys)
  }

  async start(): Promise<void> {
    const { fs, temps, keys, keyClaims } = this.#folder
    for (const folder of [temps, keys, keyClaims]) await makeDurableFolder(fs, folder)
  }

  /** Rejects with `STORAGE_UNAVAILABLE` when the record is damaged. */
  async read(key: string): Promise<KeyRecord | undefined> {
    let bytes: Buffer
    try {
      bytes = (await this.#folder.fs.read(this.#folder.key(key))).bytes
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
        hint: 'Use another Idempotency-Key, after checking whether the sync was started.',
      })
    }
  }

  /** Publishes the record if the present one (or none) is `last`; resolves to whether it did. */
  async replace(key: string, last: KeyRecord | undefined, next: KeyRecord): Promise<boolean> {
    if (last === undefined) return this.#temps.link(await this.#write(next), this.#folder.key(key))
    const file: ClaimedFile = {
      id: key,
      path: this.#folder.key(key),
      read: async () => {
        const nonce = (await this.read(key))?.nonce
        return nonce === undefined ? undefined : { base: nonce, version: nonce }
      },
      isWhole: async (bytes) => isKeyRecord(bytes),
    }
    return (await this.#claims.replace(file, last.nonce, (version) => this.#write(next, version))) !== undefined
  }

  /** Makes durable what was published before. */
  flush(): Promise<void> {
    return this.#flush.flush()
  }

  /** The keys whose record has expired at `now`. */
  async *expired(now: Date): AsyncIterable<string> {
    for await (const names of this.#folder.fs.list(this.#folder.keys)) {
      for (const name of names) {
        const key = /^([0-9a-f]{64})\.json$/.exec(name)?.[1]
        if (key === undefined) continue
        const identity = this.#folder.fs.identify(this.#folder.key(key))
        // The time of modification is that of expiry, so that what is still valid need not be read.
        if (identity !== undefined && identity.modifiedMicros / 1000 <= now.getTime()) yield key
      }
    }
  }

  /** Removes the claims that dead processes left on records which have been replaced. */
  async sweepClaims(): Promise<void> {
    const { fs, keyClaims } = this.#folder
    for await (const names of fs.list(keyClaims)) {
      for (const name of names) {
        const claim = parseClaimName(name)
        if (claim !== undefined && (await this.#isPast(claim.id, claim.base))) {
          await this.#folder.discard(join(keyClaims, name))
        }
      }
    }
  }

  async #isPast(key: string, nonce: string): Promise<boolean> {
    try {
      return (await this.read(key))?.nonce !== nonce
    } catch (error) {
      // Of a damaged record nobody knows.
      if (error instanceof AppError) return false
      throw error
    }
  }

  #write(record: KeyRecord, base?: string): Promise<TempFile> {
    const stamp = { revision: 0, at: new Date(record.expiresAt) }
    return this.#temps.write(formatKeyRecord(record), { base, sync: true, stamp })
  }
}
