import { isDeepStrictEqual } from 'node:util'
import { abortable } from '../concurrency/abortable.ts'
import type { WorkerPool } from '../concurrency/worker-pool.ts'
import type { ManifestTab, SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { SyncChanges } from '../model/sync.ts'
import type { ChangeCounter } from '../ports/change-counter.ts'
import type { Log } from '../ports/log.ts'
import type { SnapshotKey, SnapshotStore } from '../ports/snapshot-store.ts'
import { compareHashes, hashLines, LINE_HASHES_MODULE } from './line-hashes.ts'

export interface LineChangesOptions {
  readonly snapshots: Pick<SnapshotStore, 'list' | 'openFile'>
  /** Threads to hash on. */
  readonly workers: WorkerPool
  readonly log: Pick<Log, 'debug'>
  /** Milliseconds that a sync may be held up; default 10 s. */
  readonly limitMs?: number
}

const LIMIT_MS = 10_000
/** Bytes that a file may have, and rows, each of which takes 8 bytes of memory. */
const MOST_BYTES = 200_000_000
const MOST_ROWS = 2_000_000
/** Bytes that are hashed at a time. */
const PIECE_BYTES = 1_000_000

type File = ManifestTab['files'][number]
type Counts = Pick<SyncChanges['tabs'][number], 'added' | 'removed'>
const UNKNOWN: Counts = { added: null, removed: null }

/** Counts changes by the lines of the files of rows, as multisets. Nothing else is needed for that. */
export class LineChanges implements ChangeCounter {
  readonly #options: LineChangesOptions

  constructor(options: LineChangesOptions) {
    this.#options = options
  }

  async count(key: SnapshotKey, signal: AbortSignal): Promise<SyncChanges | null> {
    const { limitMs = LIMIT_MS, log } = this.#options
    const either = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
    try {
      return await abortable(this.#count(key, either), either)
    } catch (error) {
      // No sync fails for want of a number.
      log.debug({ err: error, syncId: key.syncId }, 'what a sync has changed could not be counted')
      return null
    }
  }

  async #count({ spreadsheetId, syncId }: SnapshotKey, signal: AbortSignal): Promise<SyncChanges | null> {
    const all = await this.#options.snapshots.list(spreadsheetId)
    const now = all.find((manifest) => manifest.syncId === syncId)
    const before = now && all.slice(all.indexOf(now) + 1).find((manifest) => isAlike(manifest, now))
    if (now === undefined || before === undefined) return null
    const tabs: SyncChanges['tabs'] = []
    for (const tab of now.tabs) {
      const { gid, title, range } = tab
      const earlier = earlierTab(before, tab)
      const counts = earlier === undefined ? UNKNOWN : await this.#countTab([before, earlier], [now, tab], signal)
      tabs.push({ gid, title, range, ...counts })
    }
    return tabs.some(({ added }) => added !== null) ? { since: before.syncId, tabs } : null
  }

  async #countTab(
    [older, before]: readonly [SnapshotManifest, ManifestTab],
    [newer, now]: readonly [SnapshotManifest, ManifestTab],
    signal: AbortSignal,
  ): Promise<Counts> {
    if (haveSameFile(before, now)) {
      return { added: 0, removed: 0 }
    }
    const [one, other] = [lineFile(before), lineFile(now)]
    if (one === undefined || other === undefined) return UNKNOWN
    if (before.rows === 0 || now.rows === 0) return { added: now.rows, removed: before.rows }
    const hashes = {
      before: await this.#hash(older, one, before.rows, signal),
      now: await this.#hash(newer, other, now.rows, signal),
    }
    return this.#options.workers.run(LINE_HASHES_MODULE, compareHashes, hashes)
  }

  /** Hashes the rows of a file. Rejects when they are gone, or not as many as the manifest says. */
  async #hash(manifest: SnapshotManifest, file: File, rows: number, signal: AbortSignal): Promise<BigUint64Array> {
    const { snapshots, workers } = this.#options
    const key = { spreadsheetId: manifest.spreadsheet.id, syncId: manifest.syncId, name: file.name }
    const content = await snapshots.openFile(key)
    if (content === undefined) throw new Error(`${file.name} of ${manifest.syncId} is gone`)
    const all = new BigUint64Array(rows)
    let count = 0
    let rest: Uint8Array = new Uint8Array()
    for await (const chunks of inPieces(content)) {
      signal.throwIfAborted()
      const hashed = await workers.run(LINE_HASHES_MODULE, hashLines, { bytes: joined([rest, ...chunks]) })
      if (count + hashed.hashes.length > rows) break
      all.set(hashed.hashes, count)
      count += hashed.hashes.length
      rest = hashed.rest
    }
    if (count !== rows) throw new Error(`${file.name} of ${manifest.syncId} does not hold ${rows} rows`)
    return all
  }
}

/** Whether a snapshot was made for the same key and reader's identity, in the same way, and holds a tab by whose rows it can be compared. */
function isAlike(before: SnapshotManifest, now: SnapshotManifest): boolean {
  const wayOf = ({ createdBy, identity, request: { values, dates, headerRow } }: SnapshotManifest) => [
    createdBy,
    identity,
    values,
    dates,
    headerRow,
  ]
  const isCountable = (tab: ManifestTab) => {
    const earlier = earlierTab(before, tab)
    return earlier !== undefined && (haveSameFile(earlier, tab) || [earlier, tab].every(lineFile))
  }
  return isDeepStrictEqual(wayOf(before), wayOf(now)) && now.tabs.some(isCountable)
}

/** The same tab, or the same range of it, where it had the same columns. */
function earlierTab(
  { tabs }: SnapshotManifest,
  { gid, range, columns, columnNames }: ManifestTab,
): ManifestTab | undefined {
  const shape = { gid, range, columns, columnNames }
  return tabs.find((tab) =>
    isDeepStrictEqual({ gid: tab.gid, range: tab.range, columns: tab.columns, columnNames: tab.columnNames }, shape),
  )
}

function haveSameFile(one: ManifestTab, other: ManifestTab): boolean {
  return one.files.some(({ format, sha256 }) =>
    other.files.some((file) => file.format === format && file.sha256 === sha256),
  )
}

/** The file whose lines are rows, where it is not too large. */
function lineFile({ files, rows }: ManifestTab): File | undefined {
  const file = files.find(({ format }) => format === 'ndjson') ?? files.find(({ format }) => format === 'json')
  return file !== undefined && file.bytes <= MOST_BYTES && rows <= MOST_ROWS ? file : undefined
}

/** Gathers chunks, as each call of a thread takes its time. */
async function* inPieces(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array[]> {
  let gathered: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of content) {
    gathered.push(chunk)
    bytes += chunk.length
    if (bytes < PIECE_BYTES) continue
    yield gathered
    gathered = []
    bytes = 0
  }
  yield gathered
}

/** In memory that nobody shares, as a thread gets it. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
