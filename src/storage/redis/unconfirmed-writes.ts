import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { AppError } from '../../errors.ts'

/** Unconfirmed writes that are remembered; the repeat of an older one is a new write. */
const REMEMBERED = 1000

/**
 * Gives each write its id. A write that was not answered may have been carried out; when the caller repeats it, it gets
 * the same id again, and the script knows its own work: the repeat is answered as the first one would have been.
 */
export class UnconfirmedWrites {
  readonly #unconfirmed = new LRUCache<string, { readonly content: string; readonly writeId: string }>({
    max: REMEMBERED,
  })

  /** Has `write` write this content under the key by the id that it is given. */
  async run<T>(key: string, content: string, write: (writeId: string) => Promise<T>): Promise<T> {
    const earlier = this.#unconfirmed.get(key)
    const writeId = earlier?.content === content ? earlier.writeId : randomUUID()
    try {
      const answer = await write(writeId)
      this.#unconfirmed.delete(key)
      return answer
    } catch (error) {
      // Of a refusal the server is certain.
      if (error instanceof AppError && error.code === 'STORAGE_UNAVAILABLE') {
        this.#unconfirmed.set(key, { content, writeId })
      }
      throw error
    }
  }
}
