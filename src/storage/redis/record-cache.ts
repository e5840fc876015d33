import type { Sync } from '../../model/sync.ts'
import type { RecordText } from './record-text.ts'

/** Records that are kept whoever uses them. */
const KEPT = 1000

export interface KnownRecord {
  readonly head: string
  readonly bytes: number
  readonly sync: Sync
}

/**
 * What this process has read or written of late. The latest are kept; an earlier one is known as long as anybody holds
 * it, so that the same object comes back to whoever could tell.
 */
export class KnownRecords {
  readonly #kept = new Map<string, KnownRecord>()
  readonly #held = new Map<string, { readonly head: string; readonly bytes: number; readonly ref: WeakRef<Sync> }>()
  readonly #gone = new FinalizationRegistry<string>((id) => {
    if (this.#held.get(id)?.ref.deref() === undefined) this.#held.delete(id)
  })

  get(id: string): KnownRecord | undefined {
    const kept = this.#kept.get(id)
    if (kept !== undefined) return kept
    const held = this.#held.get(id)
    const sync = held?.ref.deref()
    return held === undefined || sync === undefined ? undefined : { head: held.head, bytes: held.bytes, sync }
  }

  /** Keeps a record; hands back the object that is known already if it is the same write. */
  keep(id: string, { head, bytes }: RecordText, read: () => Sync): Sync {
    const known = this.get(id)
    const record = known?.head === head && known.bytes === bytes ? known : { head, bytes, sync: read() }
    if (record !== known) {
      this.#held.set(id, { head, bytes, ref: new WeakRef(record.sync) })
      this.#gone.register(record.sync, id)
    }
    this.#kept.delete(id)
    this.#kept.set(id, record)
    const oldest = this.#kept.size > KEPT ? this.#kept.keys().next().value : undefined
    if (oldest !== undefined) this.#kept.delete(oldest)
    return record.sync
  }

  forget(id: string): void {
    this.#kept.delete(id)
    this.#held.delete(id)
  }

  clear(): void {
    this.#kept.clear()
    this.#held.clear()
  }
}
