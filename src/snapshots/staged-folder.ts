import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { AppError } from '../errors.ts'
import { type DiskFs, namesIn, readStart, syncFolder, unless, writeAt } from './disk.ts'
import { besideName } from './draft-checkpoint.ts'
import { OpenFiles } from './open-files.ts'
import type { StagedFile } from './staged-file.ts'
import { CHECKPOINT } from './staging-area.ts'

/** What can be done to the files of one draft's folder. Callers see to it that nothing runs twice at once for one file. */
export class StagedFolder {
  readonly path: string
  readonly #fs: DiskFs
  readonly #open: OpenFiles

  constructor(fs: DiskFs, path: string) {
    this.path = path
    this.#fs = fs
    this.#open = new OpenFiles(fs)
  }

  async append(file: StagedFile, bytes: Uint8Array): Promise<void> {
    await this.#open.use(this.#pathOf(file.physical), file.inode === undefined ? 'wx' : 'r+', async (handle) => {
      file.inode ??= (await handle.stat()).ino
      file.isDirty = true
      await writeAt(handle, bytes, file.bytes)
    })
    file.hash.update(bytes)
    file.bytes += bytes.length
  }

  /** Makes all that was written to the file durable. */
  async flush(file: StagedFile): Promise<void> {
    if (!file.isDirty) return
    await this.#open.use(this.#pathOf(file.physical), 'r+', (handle) => handle.sync())
    file.isDirty = false
  }

  /** Writes the next generation of a file, durably, beside the one that a checkpoint may name. */
  async replace(file: StagedFile, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const isNew = file.inode === undefined
    const generation = isNew ? 0 : file.generation + 1
    const physical = isNew ? file.name : besideName(file.name, generation)
    const hash = createHash('sha256')
    let bytes = 0
    const handle = await this.#fs.open(this.#pathOf(physical), 'wx')
    try {
      for await (const chunk of content) {
        await writeAt(handle, chunk, bytes)
        hash.update(chunk)
        bytes += chunk.length
      }
      await handle.sync()
      const { ino } = await handle.stat()
      if (!isNew) {
        await this.#open.release(this.#pathOf(file.physical))
        file.leftovers.push({ physical: file.physical, generation: file.generation })
      }
      Object.assign(file, { physical, generation, hash, bytes, inode: ino, isDirty: false })
    } finally {
      await handle.close()
    }
  }

  async *read({ physical, bytes }: StagedFile): AsyncGenerator<Buffer> {
    const handle = await this.#fs.open(this.#pathOf(physical), 'r')
    try {
      yield* readStart(handle, bytes)
    } finally {
      await handle.close()
    }
  }

  /** Removes the generations before this one, which no checkpoint names any more. */
  async dropLeftovers(file: StagedFile, generation: number): Promise<void> {
    for (const leftover of file.leftovers) {
      if (leftover.generation < generation) await unless(this.#fs.unlink(this.#pathOf(leftover.physical)), 'ENOENT')
    }
    file.leftovers = file.leftovers.filter((leftover) => leftover.generation >= generation)
  }

  /** Brings a file to its own name, and makes sure that what lies there is what this draft has written. */
  async settleName(file: StagedFile): Promise<void> {
    if (file.physical !== file.name) {
      const inTheWay = file.leftovers.find(({ physical }) => physical === file.name)
      if (inTheWay !== undefined) {
        const aside = besideName(file.name, inTheWay.generation)
        await this.#fs.rename(this.#pathOf(file.name), this.#pathOf(aside))
        inTheWay.physical = aside
      }
      await this.#fs.rename(this.#pathOf(file.physical), this.#pathOf(file.name))
      file.physical = file.name
    }
    const stats = await this.#fs.lstat(this.#pathOf(file.name))
    if (stats.ino !== file.inode || stats.size !== file.bytes) {
      throw new AppError('STORAGE_UNAVAILABLE', `The staged file ${file.name} is not what was written to it.`)
    }
  }

  /** Removes everything, the checkpoint first, so that it never stands without its files. */
  async clear(): Promise<void> {
    await this.#open.close()
    await unless(this.#fs.unlink(this.#pathOf(CHECKPOINT)), 'ENOENT')
    await syncFolder(this.#fs, this.path)
    for (const name of await namesIn(this.#fs, this.path)) await this.#fs.rm(this.#pathOf(name), { force: true })
  }

  /** Lets go of open files. */
  close(): Promise<void> {
    return this.#open.close()
  }

  #pathOf(name: string): string {
    return join(this.path, name)
  }
}
