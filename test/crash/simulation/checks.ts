import { isTerminal, type Sync } from '../../../src/model/sync.ts'
import { parseSyncRecord } from '../../../src/model/sync-record.ts'
import { MOST_TRIES } from '../../../src/syncs/webhook-delivery.ts'

/** Thrown when a promise of the storage was seen broken. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

interface Promised {
  /** The greatest revision that somebody was told to be stored, and to outlive a power cut. */
  durable: number
  /** The greatest that somebody was told to be stored. */
  stored: number
}

/** Watches the records on the disk and what callers are told about them; complains when the two do not agree. */
export class Checks {
  readonly #records = new Map<string, Sync>()
  readonly #promised = new Map<string, Promised>()
  /** Live syncs that were taken back, as may only happen to one whose create is refused. */
  readonly #takenBack = new Set<string>()
  readonly #successions = new Set<string>()
  readonly #jobs = new Set<string>()
  readonly #fences = new Map<string, number>()
  readonly #published = new Set<string>()
  /** Syncs of whose end a receiver was told. */
  readonly #told = new Set<string>()
  /** Syncs that a user has forgotten, or tried to. */
  readonly #forgotten = new Set<string>()
  violation: Violation | undefined

  /** Syncs that were promised and are still on the disk. */
  get ids(): readonly string[] {
    return [...this.#records.keys()]
  }

  recordOf(id: string): Sync | undefined {
    return this.#records.get(id)
  }

  isPromised(id: string): boolean {
    return this.#promised.has(id)
  }

  /** To be called whenever the file of a record has changed, with what it says now. */
  recordChanged(id: string, text: string | undefined): void {
    const before = this.#records.get(id)
    const now = text === undefined ? undefined : this.#parse(id, text)
    if (now === undefined) {
      if (before !== undefined && !isTerminal(before)) {
        this.#takenBack.add(id)
        if (this.#promised.has(id)) this.#complain(`live sync ${id} was deleted at revision ${before.revision}`)
      }
      if (before?.webhook?.state === 'pending' && !this.#forgotten.has(id))
        this.#complain(`${id} was removed before its webhook was sent`)
      this.#records.delete(id)
      return
    }
    if (before !== undefined) {
      if (now.revision <= before.revision)
        this.#complain(`${id} went from revision ${before.revision} to ${now.revision}`)
      if (isTerminal(before)) this.#checkWebhook(before, now)
      if (now.lease.epoch < before.lease.epoch) this.#complain(`${id} fell back to epoch ${now.lease.epoch}`)
    }
    this.#records.set(id, now)
  }

  /** Of a sync that has ended only its webhook may change. */
  #checkWebhook(before: Sync, now: Sync): void {
    const { id, webhook } = now
    if (now.state !== before.state || now.finishedAt !== before.finishedAt || webhook === null) {
      this.#complain(`${id} was ${before.state} and became ${now.state}`)
    } else if (webhook.state === 'delivered' && !this.#told.has(id)) {
      this.#complain(`the webhook of ${id} is said to be delivered, and nobody was told`)
    } else if (webhook.state === 'failed' && webhook.tries < MOST_TRIES) {
      this.#complain(`the webhook of ${id} was given up after ${webhook.tries} attempts`)
    }
  }

  /** To be called after a power cut, with what each record says now. */
  powerCut(texts: ReadonlyMap<string, string | undefined>): void {
    for (const [id, promised] of this.#promised) {
      const text = texts.get(id)
      const before = this.#records.get(id)
      if (text === undefined) {
        if (before !== undefined && !isTerminal(before)) this.#complain(`${id} did not outlive the power cut`)
        continue
      }
      const { revision } = this.#parse(id, text)
      if (revision < promised.durable) {
        this.#complain(
          `${id} was stored for ever at revision ${promised.durable}, and is at ${revision} after a power cut`,
        )
      }
      promised.stored = promised.durable
    }
    this.#records.clear()
    for (const [id, text] of texts) if (text !== undefined) this.#records.set(id, this.#parse(id, text))
    this.#successions.clear()
  }

  created(id: string): void {
    this.#promised.set(id, { durable: 1, stored: 1 })
    if (this.#takenBack.has(id)) this.#complain(`${id} was created, and taken back`)
  }

  replaced(next: Sync, base: number, durable: boolean): void {
    const key = `${next.id} after ${base}`
    if (this.#successions.has(key)) this.#complain(`two callers were told that they replaced ${key}`)
    this.#successions.add(key)
    const promised = this.#promised.get(next.id)
    if (promised === undefined) return
    promised.stored = Math.max(promised.stored, next.revision)
    if (durable) promised.durable = Math.max(promised.durable, next.revision)
  }

  /** The revision that whoever reads from now on must see at least; 0 when nothing was promised. */
  floorOf(id: string): number {
    return this.#promised.get(id)?.stored ?? 0
  }

  found(id: string, floor: number, sync: Sync | undefined): void {
    if (sync === undefined && floor > 0 && this.#records.has(id))
      this.#complain(`${id} was not found, though it is there`)
    if (sync !== undefined && sync.revision < floor) {
      this.#complain(`${id} was read at revision ${sync.revision}, though ${floor} had been stored`)
    }
  }

  jobBegun(id: string, epoch: number): void {
    if (this.#jobs.has(`${id} ${epoch}`)) this.#complain(`two owners run ${id} under epoch ${epoch}`)
    this.#jobs.add(`${id} ${epoch}`)
    this.#fences.set(id, Math.max(epoch, this.#fences.get(id) ?? 0))
  }

  /** Publishes as the snapshot store does: false for an owner that was superseded. */
  publish(id: string, epoch: number): boolean {
    if ((this.#fences.get(id) ?? 0) > epoch) return false
    this.#published.add(id)
    return true
  }

  succeeded(id: string): void {
    if (!this.#published.has(id)) this.#complain(`${id} has succeeded and was never published`)
  }

  /** A receiver has got this message. */
  told(messageId: string): void {
    this.#told.add(messageId.replace(/-ended$/, ''))
  }

  /** To be called before a user's wish to forget a sync is passed on. */
  forgetting(id: string): void {
    this.#forgotten.add(id)
  }

  complain(what: string): void {
    this.#complain(what)
  }

  #parse(id: string, text: string): Sync {
    try {
      return parseSyncRecord(id, text)
    } catch (error) {
      throw this.#complain(
        `the record of ${id} is torn: ${String(error).slice(0, 100)} in ${JSON.stringify(text.slice(0, 60))}`,
      )
    }
  }

  #complain(what: string): Violation {
    this.violation ??= new Violation(what)
    return this.violation
  }
}
