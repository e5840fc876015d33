import type { Clock } from '../ports/clock.ts'
import type { LeaseStore } from './lease-store.ts'

/** Milliseconds between two heartbeats of an owner. */
export const HEARTBEAT_MS = 2000

/**
 * Milliseconds for which a lease must have shown the same heartbeat before its owner counts as dead. Polled every 2 s, a
 * sync is taken over within 30 s of its owner's last heartbeat.
 */
export const LEASE_TIMEOUT_MS = 26_000

/** Fewer polls than this prove nothing, however long ago the first was: the observer itself may have been stopped. */
const POLLS_NEEDED = 4

/**
 * Milliseconds between two polls after which the earlier ones prove nothing any more. While a server is gone no owner can
 * renew and nobody can poll; live owners must not count as dead because the observer is the first to reach it again.
 */
const POLL_GAP_MS = LEASE_TIMEOUT_MS / 2

interface Observation {
  readonly heartbeat: string
  readonly since: number
  last: number
  polls: number
}

/**
 * Distinguishes dead owners from live ones by what it observed of their leases on its own monotonic clock, so that no
 * skew between wall clocks can steal a sync.
 */
export class LeaseObserver {
  readonly #leases: LeaseStore
  readonly #clock: Clock
  readonly #observed = new Map<string, Observation>()

  constructor(leases: LeaseStore, clock: Clock) {
    this.#leases = leases
    this.#clock = clock
  }

  /** Polls the lease; resolves to true when its owner is gone, or has not renewed it for LEASE_TIMEOUT_MS. */
  async isOwnerDead(syncId: string, epoch: number): Promise<boolean> {
    const lease = await this.#leases.read(syncId, epoch)
    if (lease?.ownerIsGone === true) return true
    // An owner that died between its claim and its first heartbeat has no lease at all, and that never changes either.
    const heartbeat = `${epoch}:${lease?.heartbeat ?? 'none'}`
    const now = this.#clock.monotonic()
    const before = this.#observed.get(syncId)
    if (before === undefined || before.heartbeat !== heartbeat || now - before.last > POLL_GAP_MS) {
      this.#observed.set(syncId, { heartbeat, since: now, last: now, polls: 1 })
      return false
    }
    before.last = now
    before.polls += 1
    return before.polls >= POLLS_NEEDED && now - before.since >= LEASE_TIMEOUT_MS
  }

  /** Forgets what was observed of syncs other than these. */
  retainOnly(syncIds: ReadonlySet<string>): void {
    for (const syncId of this.#observed.keys()) if (!syncIds.has(syncId)) this.#observed.delete(syncId)
  }
}
