import { join } from 'node:path'
import { z } from 'zod'
import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { ignoreErrno, withDiskErrors } from '../disk/disk-errors.ts'
import { AppError } from '../errors.ts'
import type { Entry, KeyValueStore, StoredValue } from '../ports/key-value-store.ts'
import { Claims } from './files/claims.ts'
import { ExpiryScan, keyOfEntry, modifiedAtExpiry } from './files/expiry-scan.ts'
import { newNonce, parseClaimName } from './files/file-names.ts'
import { FolderFlush, makeDurableFolder } from './files/folder-flush.ts'
import { StatusFolder, type StatusFolderOptions } from './files/status-folder.ts'
import { type TempFile, TempFiles } from './files/temp-files.ts'
import { requireKey } from './shared/argument-checks.ts'

/** What the file of an entry holds. Without a value, its writer is about to remove it, and nobody else may touch it. */
const fileContent = z.object({
  version: z.string().regex(/^[0-9a-f]+$/),
  /** Token of the process that wrote it. */
  writer: z.string(),
  value: z.looseObject({ expiresAt: z.iso.datetime().optional() }).optional(),
})
type FileContent = z.output<typeof fileContent>

/**
 * One readable file for each entry, in a folder for each namespace. A first one is linked to its name, which fails if that
 * is taken; each later one takes its place through {@link Claims}, with its version as the base.
 */
export class FileKeyValueStore implements KeyValueStore {
  readonly #folder: StatusFolder
  readonly #entries: string
  readonly #claimsFolder: string
  readonly #temps: TempFiles
  readonly #claims: Claims
  readonly #flush: FolderFlush
  readonly #expiries: ExpiryScan
  /** Those of this process who change one entry wait for each other here, so that they need not meet on the disk. */
  readonly #mutex = new KeyedMutex()
  readonly #instance = newNonce()
  #writes = 0

  /**
   * `directory`: that of the records of syncs; the entries lie in a folder within it, or with `ownDirectory`, when it is
   * nobody else's, in itself.
   */
  constructor(
    options: StatusFolderOptions,
    namespace: string,
    { ownDirectory = false }: { readonly ownDirectory?: boolean } = {},
  ) {
    this.#folder = new StatusFolder(options)
    this.#entries = ownDirectory ? options.directory : join(options.directory, `.${namespace}`)
    this.#claimsFolder = join(options.directory, '.key-claims', namespace)
    this.#temps = new TempFiles(this.#folder)
    this.#claims = new Claims(this.#folder, this.#temps, this.#claimsFolder)
    this.#flush = new FolderFlush(this.#folder.fs, this.#entries)
    this.#expiries = new ExpiryScan(this.#folder, this.#entries)
  }

  start(): Promise<void> {
    return withDiskErrors('The entries could not be opened', async () => {
      const { fs, temps } = this.#folder
      for (const folder of [temps, this.#entries, this.#claimsFolder]) await makeDurableFolder(fs, folder)
    })
  }

  get(key: string): Promise<Entry> {
    return withDiskErrors('The entry could not be read', async () => {
      const found = await this.#read(key)
      const { processes, processSockets, clock } = this.#folder
      const now = clock.now().getTime()
      if (found?.value === undefined) return { value: undefined, version: undefined, now, writerIsGone: false }
      return {
        value: found.value,
        version: found.version,
        now,
        writerIsGone: (await processSockets?.hasEnded(found.writer)) ?? processes.isGone(found.writer),
      }
    })
  }

  compareAndSwap(key: string, expected: string | undefined, value: StoredValue): Promise<string | undefined> {
    return this.#change(key, async () => {
      const content = this.#contentOf(value)
      const isStored = await (expected === undefined
        ? this.#insert(key, content)
        : this.#replace(key, expected, content))
      // Also when it was stored before, by a call that failed afterwards.
      await this.#flush.flush()
      return isStored ? content.version : undefined
    })
  }

  put(key: string, value: StoredValue): Promise<void> {
    return withDiskErrors('The entry could not be written', async () => {
      const path = this.#pathOf(key)
      await this.#temps.rename(await this.#temps.write(bytesOf(this.#contentOf(value)), { sync: false }), path)
    })
  }

  remove(key: string, expected?: string): Promise<boolean> {
    return this.#change(key, async () => {
      if (expected === undefined) return this.#folder.remove(this.#pathOf(key))
      const isRemoved = await this.#removeVersion(key, expected)
      await this.#flush.flush()
      return isRemoved
    })
  }

  keys(): Promise<readonly string[]> {
    return withDiskErrors('The entries could not be listed', async () => {
      const keys: string[] = []
      for await (const names of this.#folder.fs.list(this.#entries))
        keys.push(...names.flatMap((name) => keyOfEntry(name) ?? []))
      return keys.sort()
    })
  }

  expired(now: Date, limit: number): Promise<readonly string[]> {
    return withDiskErrors('The entries could not be listed', async () => {
      const expired: { readonly key: string; readonly at: number }[] = []
      for (const key of await this.#expiries.due(now)) {
        if (expired.length >= limit) break
        const at = Date.parse((await skipUnusable(() => this.#read(key)))?.value?.expiresAt ?? '')
        if (at <= now.getTime()) expired.push({ key, at })
      }
      // Where files tell times in whole seconds, they come in no order within one.
      return expired.sort((one, other) => one.at - other.at).map(({ key }) => key)
    })
  }

  cleanup(now: Date, signal?: AbortSignal): Promise<number> {
    return withDiskErrors('The entries could not be swept', async () => {
      let removed = 0
      for await (const names of this.#folder.fs.list(this.#entries)) {
        for (const name of names) {
          if (signal?.aborted) return removed
          const key = keyOfEntry(name)
          if (key !== undefined && (await skipUnusable(() => this.#removeIfOver(key, now)))) removed++
        }
      }
      await this.#sweepClaims()
      return removed
    })
  }

  async #insert(key: string, content: FileContent): Promise<boolean> {
    const found = await this.#read(key)
    const isFree =
      found === undefined || (this.#isAbandonedRemoval(found) && (await this.#removeVersion(key, found.version)))
    return isFree && this.#temps.link(await this.#write(content), this.#pathOf(key))
  }

  async #replace(key: string, expected: string, content: FileContent): Promise<boolean> {
    const file = {
      id: key,
      path: this.#pathOf(key),
      read: async () => {
        const version = (await this.#read(key))?.version
        return version === undefined ? undefined : { base: version, version }
      },
      isWhole: async (bytes: Buffer) => (await skipUnusable(async () => parseContent(bytes))) !== undefined,
    }
    return (await this.#claims.replace(file, expected, (version) => this.#write(content, version))) !== undefined
  }

  /** First makes the entry one that nobody else may replace, so that it is still the same when it goes. */
  async #removeVersion(key: string, expected: string): Promise<boolean> {
    return (await this.#replace(key, expected, this.#contentOf())) && this.#temps.bury(this.#pathOf(key))
  }

  #removeIfOver(key: string, now: Date): Promise<boolean> {
    return this.#mutex.run(key, async () => {
      // The time of modification is that of expiry, so that what is still valid need not be read.
      const identity = this.#folder.fs.identify(this.#pathOf(key))
      if (identity === undefined || identity.modifiedMicros / 1000 > now.getTime()) return false
      const found = await this.#read(key)
      if (found === undefined) return false
      const expiresAt = found.value?.expiresAt
      const isOver = this.#isAbandonedRemoval(found) || (expiresAt !== undefined && new Date(expiresAt) <= now)
      return isOver && this.#removeVersion(key, found.version)
    })
  }

  /** Removes the claims that dead processes left on entries which have been replaced. */
  async #sweepClaims(): Promise<void> {
    for await (const names of this.#folder.fs.list(this.#claimsFolder)) {
      for (const name of names) {
        const claim = parseClaimName(name)
        if (claim === undefined) continue
        const isOver = await skipUnusable(async () => (await this.#read(claim.id))?.version !== claim.base)
        if (isOver === true) await this.#folder.discard(join(this.#claimsFolder, name))
      }
    }
  }

  /** Whether this is left of a removal that failed halfway, or whose process has ended. */
  #isAbandonedRemoval({ value, version, writer }: FileContent): boolean {
    const { processes } = this.#folder
    // One of ours is no longer under way: changes of one key wait for each other.
    const isOver = version.startsWith(this.#instance) || processes.isGone(writer) || !processes.isOfThisBoot(writer)
    return value === undefined && isOver
  }

  async #read(key: string): Promise<FileContent | undefined> {
    const file = await ignoreErrno(this.#folder.fs.read(this.#pathOf(key)), 'ENOENT')
    return file && parseContent(file.bytes)
  }

  #write(content: FileContent, base?: string): Promise<TempFile> {
    // What is about to be removed is to be looked at by the next cleanup.
    const at = content.value === undefined ? new Date(0) : modifiedAtExpiry(content.value.expiresAt)
    const stamp = { revision: (at.getMilliseconds() * 1000) / (this.#folder.fs.modifiedStep ?? 1), at }
    return this.#temps.write(bytesOf(content), { base, sync: true, stamp })
  }

  /** Its version never comes again, in any process, and names this instance. */
  #contentOf(value?: StoredValue): FileContent {
    const version = `${this.#instance}${(++this.#writes).toString(16).padStart(8, '0')}`
    return { version, writer: this.#folder.processes.self, value: value && { ...value } }
  }

  #pathOf(key: string): string {
    return join(this.#entries, `${requireKey(key)}.json`)
  }

  #change<T>(key: string, task: () => Promise<T>): Promise<T> {
    return withDiskErrors('The entry could not be written', () => this.#mutex.run(key, task))
  }
}

function bytesOf(content: FileContent): Buffer {
  return Buffer.from(`${JSON.stringify(content, null, 2)}\n`)
}

/** Throws a SyntaxError when the bytes are damaged. */
function parseContent(bytes: Buffer): FileContent {
  const parsed = fileContent.safeParse(JSON.parse(bytes.toString()))
  if (!parsed.success) throw new SyntaxError('This is no entry.', { cause: parsed.error })
  return parsed.data
}

/** Resolves to `undefined` where an entry is damaged, or just being changed by another process. */
async function skipUnusable<T>(task: () => Promise<T>): Promise<T | undefined> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof AppError) return undefined
    throw error
  }
}
