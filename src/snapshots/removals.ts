import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { AppError } from '../errors.ts'
import { goesAfter, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import type { EraseChoice, SnapshotKey, SnapshotUsage } from '../ports/snapshot-store.ts'
import { prunable, type RetentionOptions } from './retention.ts'
import { UsageAccount } from './usage-account.ts'

/** What lies under a spreadsheet. */
export interface SpreadsheetContents {
  /** Newest first. */
  readonly manifests: readonly SnapshotManifest[]
  /** Sync ids of snapshots whose manifest cannot be read. */
  readonly unreadable: readonly string[]
  /** Sync ids of what a removal has left in part; it is no snapshot any more. */
  readonly leftovers: readonly string[]
}

/** What a medium does with the snapshots that were published on it. */
export interface PublishedSnapshots {
  /** Every spreadsheet that may have snapshots, with a text that is another one whenever its snapshots are others. */
  spreadsheets(): AsyncIterable<{ readonly spreadsheetId: string; readonly version: string }>

  contents(spreadsheetId: string): Promise<SpreadsheetContents>

  /**
   * Removes a snapshot, at once for all who look for it. Resolves to whether it is gone; if not, as somebody has a file of
   * it open, the rest is left to the next pass.
   */
  remove(key: SnapshotKey): Promise<boolean>

  /** Makes removals outlive a power cut, and removes what is left of a spreadsheet without snapshots. */
  settle?(spreadsheetId: string): Promise<void>
}

type Choice = (contents: SpreadsheetContents) => readonly string[]

/** Spreadsheets that may fail before a pass is given up. */
const MAX_FAILURES = 3

/** Removes published snapshots, on any medium, by retention, by age and by request; and keeps account of what is left. */
export class Removals {
  readonly #published: PublishedSnapshots
  readonly #retention: RetentionOptions
  readonly #account: UsageAccount
  /** One at a time of each spreadsheet, so that what is put into the account is what was listed last. */
  readonly #mutex = new KeyedMutex()

  constructor(published: PublishedSnapshots, retention: RetentionOptions) {
    this.#published = published
    this.#retention = retention
    this.#account = new UsageAccount(retention)
  }

  /** As `SnapshotStore.usage`. */
  usage(createdBy?: string | null): SnapshotUsage {
    return this.#account.usage(createdBy)
  }

  /** As `SnapshotStore.prune`. */
  prune(spreadsheetId: string, signal?: AbortSignal): Promise<readonly string[]> {
    return this.#remove(spreadsheetId, this.#choice(), { signal })
  }

  /** As `SnapshotStore.erase`. */
  async erase(spreadsheetId: string, isAsked: EraseChoice = () => true): Promise<number> {
    const erasable = ({ manifests, unreadable }: SpreadsheetContents) => [
      ...manifests.filter(isAsked).map(({ syncId }) => syncId),
      ...(isAsked(undefined) ? unreadable : []),
    ]
    let found = new Set<string>()
    await this.#remove(spreadsheetId, (contents) => {
      found = new Set(erasable(contents))
      return [...found, ...contents.leftovers]
    })
    if (found.size === 0) return 0
    // What was published meanwhile is not of these. Of what somebody has open the manifest may be gone by itself.
    const left = new Set(erasable(await this.#published.contents(spreadsheetId)))
    if (found.isDisjointFrom(left)) return found.size
    throw new AppError(
      'STORAGE_UNAVAILABLE',
      'Another program has files of the snapshots open, so they are still there.',
    )
  }

  /** As `SnapshotStore.sweep`. */
  sweep(now: Date, signal?: AbortSignal): Promise<number> {
    return this.#pass(this.#choice(now), { signal, now })
  }

  /** As `SnapshotStore.count`. */
  async count(signal?: AbortSignal): Promise<void> {
    await this.#pass(this.#choice(), { signal, removes: false })
  }

  #choice(now?: Date): Choice {
    const { kept, ttlMs } = this.#retention
    return ({ manifests, leftovers }) => {
      const isDue = (manifest: SnapshotManifest) => now !== undefined && now.getTime() > goesAfter(manifest, ttlMs)
      const fresh = manifests.filter((manifest) => !isDue(manifest))
      const going = [...manifests.filter(isDue), ...prunable(fresh, kept)]
      return [...going.map(({ syncId }) => syncId), ...leftovers]
    }
  }

  /** Looks at every spreadsheet that has changed since the last pass, or of which something was to be removed then. */
  async #pass(choose: Choice, options: { signal?: AbortSignal | undefined; now?: Date; removes?: boolean }) {
    const { now, signal } = options
    const due = now?.getTime() ?? Number.NEGATIVE_INFINITY
    const failures: unknown[] = []
    let removed = 0
    this.#account.beginPass()
    for await (const { spreadsheetId, version } of this.#published.spreadsheets()) {
      if (signal?.aborted) return removed
      if (this.#account.isCurrent(spreadsheetId, version, due)) continue
      try {
        removed += (await this.#remove(spreadsheetId, choose, { ...options, version })).length
      } catch (error) {
        // One folder that cannot be read must not keep all others from being swept.
        failures.push(error)
        if (failures.length === MAX_FAILURES) break
      }
    }
    if (failures.length > 0) throw failures[0]
    this.#account.endPass()
    return removed
  }

  /** Removes what is chosen, until the signal is aborted; resolves to what is gone. */
  #remove(
    spreadsheetId: string,
    choose: Choice,
    options: { signal?: AbortSignal | undefined; version?: string; removes?: boolean } = {},
  ): Promise<readonly string[]> {
    const { signal, version, removes = true } = options
    return this.#mutex.run(spreadsheetId, async () => {
      if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId)) return []
      const contents = await this.#published.contents(spreadsheetId)
      const chosen = choose(contents)
      const removed = new Set<string>()
      for (const syncId of removes ? chosen : []) {
        if (signal?.aborted) break
        if (await this.#published.remove({ spreadsheetId, syncId })) removed.add(syncId)
      }
      const isEmpty = contents.manifests.length === 0 && contents.unreadable.length === 0
      if (removed.size > 0 || (removes && isEmpty)) await this.#published.settle?.(spreadsheetId)
      const left = contents.manifests.filter(({ syncId }) => !removed.has(syncId))
      this.#account.put(spreadsheetId, left, removed.size === chosen.length ? version : undefined)
      return [...removed]
    })
  }
}
