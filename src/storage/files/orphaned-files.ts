import { join } from 'node:path'
import { isTerminal } from '../../model/sync.ts'
import { isSyncId } from '../../model/sync-id.ts'
import { isCorruptRecord, isNewerRecord } from '../../model/sync-record.ts'
import { ORPHAN_AGE_MS } from './claims.ts'
import { yieldEvery } from './event-loop-yield.ts'
import { parseClaimName, parseLeaseName, parseTempName } from './file-names.ts'
import type { RecordCache } from './record-cache.ts'
import type { RecordWriter } from './record-writer.ts'
import type { StatusFolder } from './status-folder.ts'
import type { TempFiles } from './temp-files.ts'

/**
 * Removes the claims, temporary files and leases that dead processes left. A file of a writer that may be alive is left
 * alone until this process has seen it for ORPHAN_AGE_MS, on the monotonic clock: neither a wall clock nor a time of
 * modification proves anything.
 */
export class OrphanedFiles {
  readonly #folder: StatusFolder
  readonly #records: RecordCache
  readonly #writer: RecordWriter
  readonly #temps: TempFiles
  /** Path to when it was first seen. */
  readonly #seen = new Map<string, number>()

  constructor(folder: StatusFolder, records: RecordCache, writer: RecordWriter, temps: TempFiles) {
    this.#folder = folder
    this.#records = records
    this.#writer = writer
    this.#temps = temps
  }

  /** Resolves to how many were removed. */
  async sweep(): Promise<number> {
    const { claims, temps, leases } = this.#folder
    const present = new Set<string>()
    // Claims first: what a dead writer had claimed and not published is still to be published.
    const removed =
      (await this.#sweepFolder(claims, present, (name, path) => this.#sweepClaim(name, path))) +
      (await this.#sweepFolder(temps, present, (name, path) => this.#sweepTemp(name, path))) +
      (await this.#sweepFolder(leases, present, (name, path) => this.#sweepLease(name, path)))
    for (const path of this.#seen.keys()) if (!present.has(path)) this.#seen.delete(path)
    return removed
  }

  async #sweepFolder(
    folder: string,
    present: Set<string>,
    sweep: (name: string, path: string) => Promise<boolean>,
  ): Promise<number> {
    const yielding = yieldEvery()
    let removed = 0
    for await (const names of this.#folder.fs.list(folder)) {
      for (const name of names) {
        const path = join(folder, name)
        present.add(path)
        try {
          if (await sweep(name, path)) removed++
        } catch (error) {
          // One of them must not keep the others; the next sweep tries again. A newer release's records are its own to sweep.
          if (!isNewerRecord(error))
            this.#folder.log.warn({ err: error }, 'an orphaned file could not be removed; the next sweep tries again')
        }
        await yielding()
      }
    }
    return removed
  }

  async #sweepClaim(name: string, path: string): Promise<boolean> {
    const claim = parseClaimName(name)
    if (claim === undefined || !isSyncId(claim.id)) return this.#removeIfOld(path)
    return this.#writer.sweepClaim(claim, path, (tempName) => this.#isOrphaned(tempName, path))
  }

  async #sweepTemp(name: string, path: string): Promise<boolean> {
    return this.#isOrphaned(name, path) && (await this.#folder.remove(path))
  }

  async #sweepLease(name: string, path: string): Promise<boolean> {
    const lease = parseLeaseName(name)
    if (lease === undefined) return this.#removeIfOld(path)
    const isOver = await this.#isLeaseOver(lease.id, lease.epoch)
    return isOver && (await this.#folder.remove(path))
  }

  /** An unreadable record counts as none: nobody can go on from it. */
  async #isLeaseOver(id: string, epoch: number): Promise<boolean> {
    try {
      const sync = (await this.#records.find(id))?.sync
      return sync === undefined || isTerminal(sync) || epoch < sync.lease.epoch
    } catch (error) {
      if (isCorruptRecord(error)) return true
      throw error
    }
  }

  /** Whether the writer of a temporary file has ended; where that is unknown, whether this path is old. */
  #isOrphaned(tempName: string, path: string): boolean {
    const ownership = this.#temps.ownershipOf(tempName)
    if (ownership !== 'foreign') return ownership === 'ended'
    const writer = parseTempName(tempName)?.writer
    return (writer !== undefined && this.#folder.processes.isGone(writer)) || this.#isOld(path)
  }

  async #removeIfOld(path: string): Promise<boolean> {
    return this.#isOld(path) && (await this.#folder.remove(path))
  }

  #isOld(path: string): boolean {
    const now = this.#folder.clock.monotonic()
    const since = this.#seen.get(path)
    if (since === undefined) this.#seen.set(path, now)
    return since !== undefined && now - since >= ORPHAN_AGE_MS
  }
}
