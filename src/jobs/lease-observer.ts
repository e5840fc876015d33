import { Heartbeats } from '../concurrency/heartbeats.ts'
import type { Clock } from '../ports/clock.ts'
import type { LeaseStore } from './lease-store.ts'

/** Milliseconds between two heartbeats of an owner. */
export const HEARTBEAT_MS = 2000

/**
 * Milliseconds for which a lease must have shown the same heartbeat before its owner counts as dead. Polled every 2 s, a
 * sync is taken over within 30 s of its owner's last heartbeat.
 */
export const LEASE_TIMEOUT_MS = 26_000

const POLLS_NEEDED = 4

/**
 * Milliseconds between two polls after which the earlier ones prove nothing any more. While a server is gone no owner can
 * renew and nobody can poll; live owners must not count as dead because the observer is the first to reach it again.
 */
const POLL_GAP_MS = LEASE_TIMEOUT_MS / 2

const LIMITS = { timeoutMs: LEASE_TIMEOUT_MS, looksNeeded: POLLS_NEEDED, gapMs: POLL_GAP_MS }

/**
 * Distinguishes dead owners from live ones by what it observed of their leases on its own monotonic clock, so that no
 * skew between wall clocks can steal a sync.
 */
export class LeaseObserver {
  readonly #leases: LeaseStore
  readonly #heartbeats: Heartbeats

  constructor(leases: LeaseStore, clock: Clock) {
    this.#leases = leases
    this.#heartbeats = new Heartbeats(clock, LIMITS)
  }

  /** Polls the lease; resolves to true when its owner is gone, or has not renewed it for LEASE_TIMEOUT_MS. */
  async isOwnerDead(syncId: string, epoch: number): Promise<boolean> {
    const lease = await this.#leases.read(syncId, epoch)
    if (lease?.ownerIsGone === true) return true
    // An owner that died between its claim and its first heartbeat has no lease at all, and that never changes either.
    return this.#heartbeats.standsStill(syncId, `${epoch}:${lease?.heartbeat ?? 'none'}`)
  }

  /** Forgets what was observed of syncs other than these. */
  retainOnly(syncIds: ReadonlySet<string>): void {
    this.#heartbeats.forget((syncId) => syncIds.has(syncId))
  }
}
