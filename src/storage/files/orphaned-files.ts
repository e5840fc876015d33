import { basename, join } from 'node:path'
import { AppError } from '../../errors.ts'
import { isTerminal } from '../../model/sync.ts'
import { isNewerRecord } from '../../model/sync-record.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import type { Log } from '../../ports/log.ts'
import { LEFTOVER_AGE_MS, type Succession } from './claims.ts'
import { Turns } from './event-loop-yield.ts'
import { type Layout, parseClaimName, parseLeaseName, parseTempName } from './folder-layout.ts'
import type { Processes } from './processes.ts'
import type { Records, StoredRecord } from './records.ts'
import { errnoOf } from './storage-errors.ts'
import type { TempFiles } from './temp-files.ts'

export interface LeftoversOptions {
  readonly layout: Layout
  readonly fs: FileSystem
  readonly clock: Clock
  readonly log: Log
  readonly processes: Processes
  readonly records: Records
  readonly temps: TempFiles
  readonly succession: Succession
}

/**
 * Removes what dead writers left. A file of a writer that may be alive is left alone until this process has seen it for
 * LEFTOVER_AGE_MS, on the monotonic clock: neither a wall clock nor a time of modification proves anything.
 */
export class Leftovers {
  readonly #options: LeftoversOptions
  /** Path to when it was first seen. */
  readonly #seen = new Map<string, number>()

  constructor(options: LeftoversOptions) {
    this.#options = options
  }

  /** Resolves to how many were removed. */
  async sweep(): Promise<number> {
    const { layout } = this.#options
    const present = new Set<string>()
    // Claims first: what a dead writer had claimed and not published is still to be published.
    const removed =
      (await this.#sweepFolder(layout.claims, present, (name, path) => this.#sweepClaim(name, path))) +
      (await this.#sweepFolder(layout.temps, present, (name, path) => this.#sweepTemp(name, path))) +
      (await this.#sweepFolder(layout.leases, present, (name, path) => this.#sweepLease(name, path)))
    for (const path of this.#seen.keys()) if (!present.has(path)) this.#seen.delete(path)
    return removed
  }

  /** Clears away the name of a record whose removal was cut off after it had taken effect. */
  async sweepRemoval(id: string): Promise<number> {
    const { fs, layout, temps } = this.#options
    try {
      return temps.isRemoval(await fs.readlink(layout.record(id))) ? await this.#remove(layout.record(id)) : 0
    } catch (error) {
      // EINVAL: no symlink, so it was none.
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EINVAL') return 0
      throw error
    }
  }

  async #sweepFolder(
    folder: string,
    present: Set<string>,
    sweep: (name: string, path: string) => Promise<number>,
  ): Promise<number> {
    const turns = new Turns()
    let removed = 0
    for await (const names of this.#options.fs.list(folder)) {
      for (const name of names) {
        const path = join(folder, name)
        present.add(path)
        try {
          removed += await sweep(name, path)
        } catch (error) {
          // What belongs to a record of a newer release is that release's to clear away.
          if (isNewerRecord(error)) continue
          // One of them must not keep the others; it is met again in the next sweep.
          this.#options.log.warn({ err: error }, 'a leftover could not be removed')
        }
        if (turns.isDue()) await turns.giveWay()
      }
    }
    return removed
  }

  async #sweepClaim(name: string, path: string): Promise<number> {
    const claim = parseClaimName(name)
    if (claim === undefined) return this.#isOld(path) ? this.#remove(path) : 0
    let record = await this.#find(claim.id)
    if (record?.sync.revision === claim.base) {
      if (!this.#isAbandoned(basename(await this.#options.fs.readlink(path)), path)) return 0
      await this.#options.succession.settle(claim)
      record = await this.#find(claim.id)
    }
    // A claim on the stored revision, or a later one, must stay, dead or alive: see Succession.
    return record === undefined || record.sync.revision > claim.base ? this.#remove(path) : 0
  }

  async #sweepTemp(name: string, path: string): Promise<number> {
    return this.#isAbandoned(name, path) ? this.#remove(path) : 0
  }

  async #sweepLease(name: string, path: string): Promise<number> {
    const lease = parseLeaseName(name)
    if (lease === undefined) return this.#isOld(path) ? this.#remove(path) : 0
    const sync = (await this.#find(lease.id))?.sync
    const isOver = sync === undefined || isTerminal(sync) || lease.epoch < sync.lease.epoch
    return isOver ? this.#remove(path) : 0
  }

  /** An unreadable record counts as none: nobody can go on from it. */
  async #find(id: string): Promise<StoredRecord | undefined> {
    try {
      return await this.#options.records.find(id)
    } catch (error) {
      if (error instanceof AppError && error.code === 'STATUS_CORRUPT') return undefined
      throw error
    }
  }

  #isAbandoned(tempName: string, path: string): boolean {
    const ownership = this.#options.temps.ownershipOf(tempName)
    if (ownership !== 'foreign') return ownership === 'ended'
    const writer = parseTempName(tempName)?.writer
    return (writer !== undefined && this.#options.processes.isGone(writer)) || this.#isOld(path)
  }

  #isOld(path: string): boolean {
    const now = this.#options.clock.monotonic()
    const since = this.#seen.get(path)
    if (since === undefined) this.#seen.set(path, now)
    return since !== undefined && now - since >= LEFTOVER_AGE_MS
  }

  async #remove(path: string): Promise<number> {
    try {
      await this.#options.fs.unlink(path)
      return 1
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return 0
      throw error
    }
  }
}
