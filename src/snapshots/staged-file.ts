import type { ContentDigest } from './content-digest.ts'

/** One file of a draft as its owner sees it. `Content` says where the backend keeps its bytes. */
export class StagedFile<Content> {
  readonly name: string
  content: Content
  digest: ContentDigest
  /** Set while a rewrite runs: what came before it, which is all that a reader must wait for. */
  beforeRewrite: Promise<unknown> | undefined
  #tail: Promise<unknown>

  /** `after`: what must settle before the first call. */
  constructor(name: string, content: Content, digest: ContentDigest, after: Promise<unknown> = Promise.resolve()) {
    this.name = name
    this.content = content
    this.digest = digest
    this.#tail = after
  }

  /** Settles when all that was called so far has; never rejects. */
  get settled(): Promise<unknown> {
    return this.#tail
  }

  /** Runs work after all that was called before. */
  runInOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work)
    this.#tail = Promise.allSettled([result])
    return result
  }
}
