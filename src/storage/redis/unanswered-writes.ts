import { randomBytes } from 'node:crypto'

/** Writes without an answer that are remembered; older ones are forgotten, and a repeat of theirs is then a new write. */
const REMEMBERED = 1000

/**
 * Gives each write its name. A write that was not answered may have been carried out; when the caller repeats it, it gets
 * the same name again, and the script knows its own work: the repeat is answered as the first one would have been.
 */
export class UnansweredWrites {
  readonly #instance = randomBytes(8).toString('hex')
  readonly #unanswered = new Map<string, { readonly what: string; readonly writeId: string }>()
  #count = 0

  /** `what` tells one write of this sync from another. */
  nameOf(syncId: string, what: string): string {
    const earlier = this.#unanswered.get(syncId)
    return earlier?.what === what ? earlier.writeId : `${this.#instance}-${(++this.#count).toString(36)}`
  }

  answered(syncId: string): void {
    this.#unanswered.delete(syncId)
  }

  unanswered(syncId: string, what: string, writeId: string): void {
    this.#unanswered.set(syncId, { what, writeId })
    const oldest = this.#unanswered.size > REMEMBERED ? this.#unanswered.keys().next().value : undefined
    if (oldest !== undefined) this.#unanswered.delete(oldest)
  }
}
