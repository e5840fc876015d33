import type { Clock } from '../ports/clock.ts'
import type { LeaseStore } from '../ports/lease-store.ts'

/** Milliseconds between two beats of an owner. */
export const HEARTBEAT_MS = 2000

/**
 * Milliseconds for which a lease must have shown the same beat before its owner counts as dead. With a look every 2 s a
 * sync is taken over within 30 s of its owner's last beat.
 */
export const LEASE_TIMEOUT_MS = 26_000

/** Fewer looks than this say nothing, however long ago the first was: the observer itself may have been stopped. */
const LOOKS_NEEDED = 4

/**
 * Milliseconds between two looks after which the earlier ones say nothing any more. While a server is gone nobody can
 * beat and nobody can look; live owners must not count as dead because the observer is the first to reach it again.
 */
const LOOK_GAP_MS = LEASE_TIMEOUT_MS / 2

interface Observation {
  readonly sign: string
  readonly since: number
  last: number
  looks: number
}

/**
 * Tells dead owners from live ones by what it saw of their leases on its own monotonic clock, so that no skew between
 * wall clocks can steal a sync.
 */
export class LeaseWatch {
  readonly #leases: LeaseStore
  readonly #clock: Clock
  readonly #seen = new Map<string, Observation>()

  constructor(leases: LeaseStore, clock: Clock) {
    this.#leases = leases
    this.#clock = clock
  }

  /** Looks at the lease once more; true when its owner is gone, or has not moved for LEASE_TIMEOUT_MS. */
  async ownerIsDead(syncId: string, epoch: number): Promise<boolean> {
    const lease = await this.#leases.read(syncId, epoch)
    if (lease?.ownerIsGone === true) return true
    // An owner that died between its claim and its first beat shows no sign at all, and that never changes either.
    const sign = `${epoch}:${lease?.beat ?? 'none'}`
    const now = this.#clock.monotonic()
    const before = this.#seen.get(syncId)
    if (before === undefined || before.sign !== sign || now - before.last > LOOK_GAP_MS) {
      this.#seen.set(syncId, { sign, since: now, last: now, looks: 1 })
      return false
    }
    before.last = now
    before.looks += 1
    return before.looks >= LOOKS_NEEDED && now - before.since >= LEASE_TIMEOUT_MS
  }

  /** Forgets what was seen of syncs other than these. */
  keepOnly(syncIds: ReadonlySet<string>): void {
    for (const syncId of this.#seen.keys()) if (!syncIds.has(syncId)) this.#seen.delete(syncId)
  }
}
