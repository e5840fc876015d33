import { createHash } from 'node:crypto'
import { bytesOf, goesAfter, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { SnapshotUsage } from '../ports/snapshot-store.ts'
import type { RetentionOptions } from './retention.ts'

/** What the snapshots of one spreadsheet amounted to when they were last listed. */
interface Entry {
  readonly byOwner: ReadonlyMap<string | null, SnapshotUsage>
  /** When the first of them is to go for its age, in milliseconds since 1970; infinite when none is. */
  readonly dueMs: number
  /** Of the listing; `undefined` when they have to be looked at again whatever is listed. */
  readonly version: string | undefined
  /** The latest pass that has found the spreadsheet. */
  pass: number
}

const NOTHING: SnapshotUsage = Object.freeze({ snapshots: 0, bytes: 0 })

/**
 * A running account of what all snapshots amount to, by owner. Each spreadsheet is put in as it was listed, in place of
 * what it was before, so that an error lasts until its next listing only.
 */
export class UsageAccount {
  readonly #entries = new Map<string, Entry>()
  readonly #byOwner = new Map<string | null, SnapshotUsage>()
  readonly #retention: Pick<RetentionOptions, 'ttlMs'>
  #total = NOTHING
  #pass = 0

  constructor(retention: Pick<RetentionOptions, 'ttlMs'>) {
    this.#retention = retention
  }

  /** What the snapshots of an owner amount to; everybody's without one. */
  usage(createdBy?: string | null): SnapshotUsage {
    return createdBy === undefined ? this.#total : (this.#byOwner.get(createdBy) ?? NOTHING)
  }

  /** Begins a pass over all spreadsheets. */
  beginPass(): void {
    this.#pass += 1
  }

  /** Drops the spreadsheets that neither the listing of this pass nor anybody since it began has found. */
  endPass(): void {
    for (const [spreadsheetId, { pass }] of this.#entries) if (pass < this.#pass) this.put(spreadsheetId, [])
  }

  /** Whether a spreadsheet of this version need not be listed again, unless one was to go before `due`. */
  isCurrent(spreadsheetId: string, version: string, due: number): boolean {
    const entry = this.#entries.get(spreadsheetId)
    if (entry === undefined) return false
    entry.pass = this.#pass
    return entry.version === version && entry.dueMs >= due
  }

  put(spreadsheetId: string, manifests: readonly SnapshotManifest[], version?: string): void {
    for (const [owner, usage] of this.#entries.get(spreadsheetId)?.byOwner ?? []) this.#add(owner, usage, -1)
    this.#entries.delete(spreadsheetId)
    if (manifests.length === 0) return
    const byOwner = new Map<string | null, SnapshotUsage>()
    for (const manifest of manifests) {
      const one = { snapshots: 1, bytes: bytesOf(manifest) }
      byOwner.set(manifest.createdBy, sum(byOwner.get(manifest.createdBy), one, 1))
    }
    for (const [owner, usage] of byOwner) this.#add(owner, usage, 1)
    const dueMs = Math.min(...manifests.map((manifest) => goesAfter(manifest, this.#retention.ttlMs)))
    this.#entries.set(spreadsheetId, { byOwner, dueMs, version, pass: this.#pass })
  }

  #add(owner: string | null, usage: SnapshotUsage, sign: 1 | -1): void {
    this.#total = sum(this.#total, usage, sign)
    const own = sum(this.#byOwner.get(owner), usage, sign)
    if (own.snapshots === 0) this.#byOwner.delete(owner)
    else this.#byOwner.set(owner, own)
  }
}

/** A short text that is the same for the same names only. */
export function versionOf(names: readonly string[]): string {
  return createHash('sha256').update(names.join('\0')).digest('base64url')
}

function sum(one: SnapshotUsage = NOTHING, other: SnapshotUsage, sign: 1 | -1): SnapshotUsage {
  return { snapshots: one.snapshots + sign * other.snapshots, bytes: one.bytes + sign * other.bytes }
}
