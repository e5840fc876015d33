import type { FinishedSync, Sync, SyncState } from '../model/sync.ts'
import type { SyncFilter } from '../model/sync-filter.ts'

/**
 * Where syncs live: the one truth about them. Drivers keep these promises and no transition rules; those live in
 * `syncs/sync.ts`.
 *
 * Every method rejects with `STORAGE_UNAVAILABLE` or `STORAGE_FULL` when the medium fails. The record is then whole, and
 * the old one; only where the medium failed after the last step, which nobody can take back, it is the new one. The same
 * call may succeed later without a restart. An id that is not a sync id is never turned into a path or a key: reads
 * resolve to `undefined`, writes reject with a TypeError.
 */
export interface SyncStorage {
  /** Makes ready to be used (folders, connections); does not wait until old records have been read. */
  start(): Promise<void>

  /** Stores a new sync, revision 1. Durable when it resolves; rejects with `SYNC_EXISTS` and changes nothing if the id is taken. */
  create(sync: Sync): Promise<void>

  /**
   * The sync as of its latest replace that had resolved, in any process, when this call began. Never torn. Absent is
   * `undefined`; unreadable rejects with `STATUS_CORRUPT`. What a newer release has written rejects with
   * `STATUS_FORMAT_NEWER`; no method lists or changes it. While a sync is unchanged the same object comes back, so a
   * caller may key what it derives by identity. Callers must not change it.
   */
  get(id: string): Promise<Sync | undefined>

  /**
   * What `get` would resolve to, when that is known without waiting; otherwise a promise for it. The read path of
   * polling calls this, as one await costs more than the lookup.
   */
  peek(id: string): Sync | undefined | Promise<Sync | undefined>

  /**
   * Compare-and-set: stores `next` if the stored revision is `expectedRevision`, and resolves to whether it did. Of
   * concurrent replaces of one revision exactly one wins, across processes too. Absent resolves to `false`.
   * `durable` (default true): outlives a power cut once resolved. Progress passes false: it outlives a crash of the
   * process, and a power cut may bring back an earlier revision, whole.
   */
  replace(next: Sync, expectedRevision: number, options?: { readonly durable?: boolean }): Promise<boolean>

  /** Removes the sync if its revision is `expectedRevision`; resolves to whether it did. Durable when it resolves. */
  remove(id: string, expectedRevision: number): Promise<boolean>

  /**
   * One page of syncs, newest first. It ends early, though not before its first sync, where one more would bring its
   * records to more than `maxBytes`; little more than that is read. In a search (see `isSearch`) the records that were read
   * and do not match count as well, as do those that are not visible in any list, so that a page may end before its first
   * sync, and more may follow none. Unreadable
   * records are left out.
   */
  list(query: SyncQuery): Promise<SyncPage>

  /**
   * What is kept of the syncs that the API key of this name asked for, of all syncs for null. Those in a history, whose
   * status has expired at `now`, are left out where the driver keeps one. Costs about as much as one page, however many
   * there are: the bytes may be an estimate.
   */
  usage(createdBy: string | null, now: Date): Promise<StorageUsage>

  /**
   * How many syncs are kept in each state; those in a history are left out as in `usage`. Costs no reading of what has
   * ended, however many there are.
   */
  countByState(now: Date): Promise<StateCounts>

  /**
   * Removes terminal syncs whose `expiresAt` has passed at `now`, and nothing else that anyone can still see; where the
   * driver keeps a history they go on being found, and may be changed and removed, until that has passed too. Sets
   * unreadable records aside; removes orphans of dead writers. Re-reads each record just before removing it.
   */
  cleanup(now: Date, options?: CleanupOptions): Promise<CleanupReport>

  /** Rejects with the reason when a record could not be written now; for readiness. */
  checkWritable(): Promise<void>

  /**
   * Calls `onChange` soon (at the latest a second) after the sync may have changed, in any process, until the function
   * that it returns is called. It carries nothing, and may come without a change: the watcher calls `get`. Of what had
   * been stored before the call it need not notify. Thousands may watch one sync at the price of one.
   */
  watch(id: string, onChange: () => void): () => void

  /**
   * Calls `onChange` with the id of every sync that may have changed, soon (at the latest a second) after it has, in any
   * process, until the function that this resolves to is called; without an id where changes cannot be told one by one:
   * any sync may have changed. Of what had been stored before this resolves it need not notify, nor of what leaves a
   * history. Costs the same however many syncs there are that do not change; thousands may watch at the price of one.
   */
  watchAll(onChange: (id: string | undefined) => void): Promise<() => void>

  /** Waits for writes under way, then lets go of everything, watchers too. Idempotent. */
  close(): Promise<void>
}

/** Bytes of the records of one page: a thousand of the usual size; as objects they take some four times as much. */
export const PAGE_BYTES = 4 * 1024 * 1024

export interface SyncQuery extends SyncFilter {
  /**
   * Whether whoever asks may know of a sync, judged by parts of it that never change. What they may not know of is passed
   * over as what does not match in a search, so that neither the page nor its token tells whether it would have matched.
   */
  readonly isVisible?: ((sync: SyncSight) => boolean) | undefined
  /** Only syncs that have ended and whose webhook is yet to be delivered. */
  readonly webhook?: 'pending'
  /** At most this many, 1 to 1000. */
  readonly pageSize: number
  /** Bytes that the records of the page, as JSON, may have together; default: PAGE_BYTES. */
  readonly maxBytes?: number
  /** `nextPageToken` of the page before; anything else rejects with `PAGE_TOKEN_INVALID`. */
  readonly pageToken?: string | undefined
  /** Once it is aborted, a search that would still take long is given up: `list` rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** As much of a sync as says who may know of it. */
export interface SyncSight extends Pick<Sync, 'createdBy' | 'identity'> {
  readonly spreadsheet: Pick<Sync['spreadsheet'], 'id'>
}

export interface SyncPage {
  readonly syncs: readonly Sync[]
  /** Absent on the last page. */
  readonly nextPageToken?: string
}

export interface StorageUsage {
  readonly records: number
  /** Bytes of the records, as they are stored. */
  readonly bytes: number
}

export type StateCounts = Readonly<Record<SyncState, number>>

export interface CleanupOptions {
  /** Once it is aborted nothing more is begun: what is left over is for the next cleanup. May reject with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Called with each expired sync of which `isRemembered` is true, before it is removed; if it rejects, the sync stays. */
  readonly rememberEnd?: ((sync: FinishedSync) => Promise<void>) | undefined
}

export interface CleanupReport {
  /** Ids of the expired syncs that were removed; on files and Redis also of those that went into the history. */
  readonly removed: readonly string[]
  /** Names of the unreadable records that were set aside. */
  readonly quarantined: readonly string[]
  /** How many orphans of dead writers were removed. */
  readonly leftovers: number
}

/** All syncs that match a query, newest first, read page by page; throws what `list` rejects with. */
export async function* paginate(
  storage: Pick<SyncStorage, 'list'>,
  query: Omit<SyncQuery, 'pageSize' | 'maxBytes' | 'pageToken'>,
): AsyncGenerator<Sync, void, undefined> {
  let pageToken: string | undefined
  do {
    const page = await storage.list({ ...query, pageSize: 1000, pageToken })
    yield* page.syncs
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
}
