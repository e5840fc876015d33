export interface FairSemaphoreOptions {
  /** Permits in all. */
  readonly permits: number
  /**
   * Whether an owner may hold only as many as stay free then, so that one alone gets half of them, two get a third each,
   * and whoever comes next finds some at once (the rule of SharedPlaces). Default: one owner may hold them all.
   */
  readonly leavesRoom?: boolean
}

interface AcquireOptions {
  /** Makes the wait reject with its reason. */
  readonly signal: AbortSignal
  /** Whether it goes before what its own owner has waiting already; default: behind it. */
  readonly isFirst?: boolean
  /** Called when the permit went to another owner while it was on offer. Must not throw. */
  readonly onTaken?: () => void
}

interface Waiter {
  readonly isFirst: boolean
  readonly grant: () => void
}

interface Owner {
  held: number
  /** The round in which its next permit is granted; never behind the others' when it begins to wait. */
  round: number
  readonly waiting: Waiter[]
}

/**
 * A semaphore whose permits are shared by owner: a free one goes to the owner who holds fewest (max-min fairness), among
 * equals in rounds in which each has one (start-time fair queueing: Goyal, Vin and Cheng, 1996), and of one owner to who
 * came first. So what one owner has waiting, however much, goes before nobody else's. An owner is remembered for good, as
 * one that was forgotten in the middle of a round would have a second turn: owners are names of API keys.
 */
export class FairSemaphore {
  readonly #leavesRoom: boolean
  readonly #owners = new Map<string, Owner>()
  readonly #offered = new Set<OwnedPermit>()
  #free: number
  /** The latest that was begun. */
  #round = 0

  constructor({ permits, leavesRoom = false }: FairSemaphoreOptions) {
    this.#free = permits
    this.#leavesRoom = leavesRoom
  }

  get isFull(): boolean {
    return this.#free === 0
  }

  /** Resolves to a permit as soon as it is this owner's turn; rejects with the signal's reason, and holds nothing then. */
  async acquire(owner: string, { signal, isFirst = false, onTaken }: AcquireOptions): Promise<Permit> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Permit>()
    const entry = this.#entryOf(owner)
    const waiter = { isFirst, grant: () => resolve(new OwnedPermit(entry, this.#actions, onTaken)) }
    const leave = () => {
      const at = entry.waiting.indexOf(waiter)
      if (at < 0) return
      entry.waiting.splice(at, 1)
      reject(signal.reason)
    }
    signal.addEventListener('abort', leave, { once: true })
    if (entry.waiting.length === 0) entry.round = Math.max(entry.round, this.#round)
    const behind = entry.waiting.findIndex((other) => isFirst && !other.isFirst)
    entry.waiting.splice(behind < 0 ? entry.waiting.length : behind, 0, waiter)
    this.#grantAll()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  readonly #actions: PermitActions = {
    offer: (permit) => {
      this.#offered.add(permit)
      this.#grantAll()
    },
    keep: (permit) => this.#offered.delete(permit),
    release: (permit) => {
      this.#offered.delete(permit)
      permit.owner.held -= 1
      this.#free += 1
      this.#grantAll()
    },
  }

  #entryOf(owner: string): Owner {
    const entry = this.#owners.get(owner) ?? { held: 0, round: 0, waiting: [] }
    this.#owners.set(owner, entry)
    return entry
  }

  #grantAll(): void {
    for (let next = this.#next(); next !== undefined && this.#findPermit(next); next = this.#next()) {
      next.held += 1
      this.#round = Math.max(this.#round, next.round)
      next.round += 1
      next.waiting.shift()?.grant()
    }
  }

  /** The owner whose turn it is. */
  #next(): Owner | undefined {
    let next: Owner | undefined
    for (const owner of this.#owners.values()) {
      if (owner.waiting.length === 0) continue
      if (next === undefined || owner.held < next.held || (owner.held === next.held && owner.round < next.round)) {
        next = owner
      }
    }
    return next
  }

  /** Takes a free permit, or one that an owner who holds more has on offer; returns whether there was one. */
  #findPermit({ held }: Owner): boolean {
    if (this.#free > (this.#leavesRoom ? held : 0)) {
      this.#free -= 1
      return true
    }
    let richest: OwnedPermit | undefined
    for (const permit of this.#offered) {
      if (richest === undefined || permit.owner.held > richest.owner.held) richest = permit
    }
    if (richest === undefined || richest.owner.held <= held) return false
    this.#offered.delete(richest)
    richest.taken()
    return true
  }
}

interface PermitActions {
  offer(permit: OwnedPermit): void
  keep(permit: OwnedPermit): void
  release(permit: OwnedPermit): void
}

/** The right to be one of so many. */
export interface Permit {
  /** Until it is released, or taken while it is on offer. */
  readonly isHeld: boolean
  /** Lets an owner who holds fewer have it, now or later, until it is kept. */
  offer(): void
  /** Withdraws the offer. */
  keep(): void
  /** Gives it back. Idempotent. */
  release(): void
}

class OwnedPermit implements Permit {
  readonly owner: Owner
  readonly #actions: PermitActions
  readonly #onTaken: (() => void) | undefined
  #isHeld = true

  constructor(owner: Owner, actions: PermitActions, onTaken: (() => void) | undefined) {
    this.owner = owner
    this.#actions = actions
    this.#onTaken = onTaken
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  offer(): void {
    if (this.#isHeld) this.#actions.offer(this)
  }

  keep(): void {
    this.#actions.keep(this)
  }

  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#actions.release(this)
  }

  /** Goes over to another owner. */
  taken(): void {
    this.#isHeld = false
    this.owner.held -= 1
    this.#onTaken?.()
  }
}
