import { createHash, type Hash } from 'node:crypto'
import type { AdoptedFile, SavedFile } from './draft-checkpoint.ts'

/** One file of a draft as its owner sees it. */
export class StagedFile {
  readonly name: string
  /** Name on disk; see `besideName`. */
  physical: string
  generation = 0
  /** Identity on disk; `undefined` until the file is there. */
  inode: number | undefined
  bytes = 0
  hash: Hash = createHash('sha256')
  /** Whether bytes were written since the last fsync. */
  isDirty = false
  /** Earlier generations still on disk, for the last checkpoint may name one of them. */
  leftovers: { physical: string; readonly generation: number }[] = []
  /** Set while a rewrite runs: what came before it, which is all that a reader must wait for. */
  beforeRewrite: Promise<unknown> | undefined
  #tail: Promise<unknown>

  constructor(name: string, after: Promise<unknown>) {
    this.name = name
    this.physical = name
    this.#tail = after
  }

  static adopt(file: AdoptedFile): StagedFile {
    const staged = new StagedFile(file.name, Promise.resolve())
    staged.physical = file.physical
    staged.generation = file.generation
    staged.inode = file.inode
    staged.bytes = file.bytes
    staged.hash = file.hash
    return staged
  }

  /** Settles when all that was put in line so far has; never rejects. */
  get settled(): Promise<unknown> {
    return this.#tail
  }

  /** Runs work after all that was put in line before. */
  inLine<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work)
    this.#tail = Promise.allSettled([result])
    return result
  }

  digest(): string {
    return this.hash.copy().digest('hex')
  }

  asSaved(): SavedFile {
    return { name: this.name, generation: this.generation, bytes: this.bytes }
  }
}
