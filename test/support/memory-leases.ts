import type { Lease, LeaseStore } from '../../src/ports/lease-store.ts'

/** Leases in memory; a test says who is gone. */
export class MemoryLeases implements LeaseStore {
  readonly beats = new Map<string, number>()
  /** Ids of the syncs whose owner is known to be dead. */
  readonly gone = new Set<string>()

  async start(): Promise<void> {}

  async renew(syncId: string, epoch: number): Promise<void> {
    const key = `${syncId}.${epoch}`
    this.beats.set(key, (this.beats.get(key) ?? 0) + 1)
  }

  async read(syncId: string, epoch: number): Promise<Lease | undefined> {
    const heartbeat = this.beats.get(`${syncId}.${epoch}`)
    return heartbeat === undefined ? undefined : { heartbeat: String(heartbeat), ownerIsGone: this.gone.has(syncId) }
  }

  async release(syncId: string, epoch: number): Promise<void> {
    for (let earlier = 1; earlier <= epoch; earlier++) this.beats.delete(`${syncId}.${earlier}`)
  }

  async close(): Promise<void> {}
}
