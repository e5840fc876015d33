import type { Block } from '../../blocks/block.ts'
import { settleAll } from '../../concurrency/settle-all.ts'
import { AppError } from '../../errors.ts'
import { durationMs } from '../../model/duration.ts'
import type { Reader } from '../../model/reader.ts'
import { isExpired, type SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { ActiveSync, SyncFault, SyncProgress, SyncResult, SyncWarning } from '../../model/sync.ts'
import type { AreaWriter, BlockWriter } from '../../ports/block-writer.ts'
import type { ChangeCounter } from '../../ports/change-counter.ts'
import type { Clock } from '../../ports/clock.ts'
import type { JobContext } from '../../ports/job-runner.ts'
import type { Log } from '../../ports/log.ts'
import type { Description, SheetSource, Spreadsheet } from '../../ports/sheet-source.ts'
import type { SnapshotDraft, SnapshotStore } from '../../ports/snapshot-store.ts'
import { type AreaState, advance, areaState } from './area-state.ts'
import { type DownloadCheckpoint, fingerprint, readCheckpoint, resumeFrom } from './download-checkpoint.ts'
import { isAsExpected, requireExpected } from './expectations.ts'
import { fullReport, type ProgressSource, progressOf } from './progress.ts'
import { isUnchanged, resultOf } from './result.ts'
import { watchStore } from './slow-store.ts'

/** How often a spreadsheet that was edited while it was read is downloaded again. */
const REPEATS = 2

/** What an edit of the spreadsheet may be the reason of: rows or tabs that were there are gone. */
const MAY_BE_EDITED = ['GOOGLE_ANSWER_INCOMPLETE', 'GOOGLE_REQUEST_REFUSED']

/** What downloads are made with. */
export interface DownloadOptions {
  readonly source: SheetSource
  readonly writer: BlockWriter
  readonly snapshots: SnapshotStore
  /** Who counts what a snapshot has changed; default: nobody. */
  readonly changes?: ChangeCounter
  /** Opens the token that was sealed for a sync, or throws an AppError; default: no user's own token reads. */
  readonly unseal?: ((sealedToken: string, syncId: string) => string) | undefined
  readonly clock: Clock
  readonly log: Log
  /** Throws while no download of this key may begin, as too much is kept already; default: never. */
  readonly requireRoom?: (createdBy: string | null) => void
  /** Whether the draft of one more failed sync of this key may be kept for a retry; default: yes. */
  readonly mayKeepDraft?: (createdBy: string | null) => Promise<boolean>
  /** Milliseconds after which a snapshot goes with the next sweep, SNAPSHOT_TTL; default: never. */
  readonly snapshotTtlMs?: number | undefined
  /** Milliseconds after which work of the snapshot store hinders a sync; default 5 s. */
  readonly slowStoreMs?: number
}

/** One sync's way from its claim to its snapshot. */
export class Download {
  readonly #options: DownloadOptions
  readonly #sync: ActiveSync
  readonly #context: JobContext
  readonly #draft: SnapshotDraft
  readonly #spreadsheet: Spreadsheet
  readonly #writer: AreaWriter
  #states: readonly AreaState[] = []
  #warnings: readonly SyncWarning[] = []
  #phase: SyncProgress['phase'] = 'reading-metadata'
  #described: Pick<Description, 'title' | 'timeZone' | 'locale'> = { title: '', timeZone: null, locale: null }
  #apiCalls: number
  #waitingUntil: Date | undefined
  #readFault: SyncFault | null = null
  #storeFault: SyncFault | null = null

  /** `writer`: what was opened for this draft. */
  constructor(
    options: DownloadOptions,
    sync: ActiveSync,
    context: JobContext,
    { draft, writer }: { readonly draft: SnapshotDraft; readonly writer: AreaWriter },
  ) {
    this.#options = options
    this.#sync = sync
    this.#context = context
    this.#draft = draft
    this.#apiCalls = sync.progress.apiCalls
    this.#writer = writer
    this.#spreadsheet = options.source.open(sync.spreadsheet.id, {
      signal: context.signal,
      reader: readerOf(sync, options.unseal),
      key: sync.id,
      background: sync.background,
      onCall: () => {
        this.#apiCalls += 1
        this.#reportProgress()
      },
      onWait: (until) => {
        this.#waitingUntil = until
        this.#reportProgress()
      },
      onFault: (fault) => {
        this.#readFault = fault
        this.#reportProgress()
      },
      slot: context.slot,
      onRows: (area, rows) => {
        const state = this.#states[area]
        if (state !== undefined) state.arrived += rows
      },
    })
  }

  async execute(): Promise<SyncResult> {
    this.#reportProgress()
    let version = await this.#spreadsheet.version()
    const unchanged = version === undefined ? undefined : await this.#findUnchanged(version)
    if (unchanged !== undefined) {
      const { report, ...result } = resultOf(unchanged, this.#sync, 'unchanged')
      return { ...result, report: { ...report, progress: { ...report.progress, apiCalls: this.#apiCalls } } }
    }
    let checkpoint = readCheckpoint(this.#draft.checkpoint, this.#sync.id)
    // What has begun may finish.
    if (this.#draft.checkpoint === undefined) this.#options.requireRoom?.(this.#sync.createdBy)
    for (let repeats = checkpoint?.repeats ?? 0; ; repeats += 1) {
      const after = await this.#downloadOnce(version, repeats, checkpoint)
      if (after === undefined || after === version || repeats >= REPEATS) {
        return this.#publish(version, after === undefined ? 'unknown' : after === version)
      }
      const { id: syncId } = this.#sync
      this.#options.log.info({ syncId, repeats }, 'the spreadsheet was edited meanwhile; it is downloaded again')
      version = after
      checkpoint = undefined
    }
  }

  get #progress(): ProgressSource {
    return {
      syncId: this.#sync.id,
      states: this.#states,
      phase: this.#phase,
      hasHeader: this.#sync.request.headerRow > 0,
      apiCalls: this.#apiCalls,
      waitingUntil: this.#waitingUntil,
      fault: this.#readFault ?? this.#storeFault,
    }
  }

  /** Settles as work of the snapshot store does, and reports meanwhile if that is slow. */
  #stored<T>(work: Promise<T>): Promise<T> {
    return watchStore(work, this.#options, (fault) => {
      this.#storeFault = fault
      this.#reportProgress()
    })
  }

  #reportProgress(): void {
    this.#context.report({ progress: progressOf(this.#progress) })
  }

  #fullReport(version: string | undefined) {
    const spreadsheet = { ...this.#described, version: version ?? null }
    return { spreadsheet, ...fullReport(this.#progress, this.#warnings) }
  }

  #reportAll(): void {
    this.#context.report(fullReport(this.#progress, this.#warnings))
  }

  async #findUnchanged(version: string): Promise<SnapshotManifest | undefined> {
    const { request } = this.#sync
    if (request.ifUnchanged !== 'skip') return undefined
    const [latest] = await this.#ownSnapshots()
    if (latest === undefined || !isUnchanged(latest, version, request)) return undefined
    // Its rows would be what was expected not to be. Cells may have loaded since, which no version tells.
    if (!isAsExpected(request.expect, latest)) return undefined
    const { snapshotTtlMs, clock } = this.#options
    // What Drive does not see may have moved since; and what has expired, the next sweep removes, with the rows of this sync.
    const ages = [request.maxAge === null ? undefined : durationMs(request.maxAge), snapshotTtlMs]
    return ages.some((ms) => isExpired(latest, ms, clock.now())) ? undefined : latest
  }

  /** The snapshots that a caller reads, newest first: another key's is not this one's to read, whatever it holds. */
  async #ownSnapshots(): Promise<readonly SnapshotManifest[]> {
    const { spreadsheet, createdBy, identity } = this.#sync
    const snapshots = await this.#stored(this.#options.snapshots.list(spreadsheet.id))
    return snapshots.filter((manifest) => manifest.createdBy === createdBy && manifest.identity === identity)
  }

  /** Reads and writes all that is not written yet. Resolves to the version of the spreadsheet after that. */
  async #downloadOnce(
    version: string | undefined,
    repeats: number,
    checkpoint: DownloadCheckpoint | undefined,
  ): Promise<string | undefined> {
    const { areas, warnings, ...described } = await this.#spreadsheet.describe(this.#sync.request)
    const { clock } = this.#options
    const written = resumeFrom(checkpoint, version, areas, clock.now())
    if (written === undefined) await this.#stored(this.#draft.reset())
    this.#states = areas.map((area, index) => areaState(area, written?.[index]))
    this.#warnings = warnings
    this.#described = described
    this.#phase = 'downloading'
    this.#context.report(this.#fullReport(version))
    const saveCheckpoint = () => {
      const value: DownloadCheckpoint = {
        version: 3,
        savedAt: clock.now().toISOString(),
        spreadsheetVersion: version ?? null,
        areas: fingerprint(areas),
        repeats,
        written: this.#states.map((state) => state.written),
        epoch: this.#sync.lease.epoch,
        syncId: this.#sync.id,
      }
      return this.#stored(this.#draft.saveCheckpoint(value))
    }
    try {
      for await (const blocks of this.#readBlocks()) {
        await this.#stored(this.#write(blocks))
        await settleAll(this.#readWhole(blocks).map((state) => this.#finish(state)))
        await saveCheckpoint()
        this.#context.report({ ...fullReport(this.#progress, this.#warnings), checkpointed: true })
      }
    } catch (error) {
      // A refused or short answer has an innocent reason when the spreadsheet was edited.
      if (!(error instanceof AppError) || !MAY_BE_EDITED.includes(error.code) || repeats >= REPEATS) throw error
      const after = await this.#versionAfter(version)
      if (after === undefined || after === version) throw error
      return after
    }
    // What has no rows in the grid was never part of a block.
    for (const state of this.#states) if (state.written.files === null) await this.#finish(state)
    this.#reportAll()
    return this.#versionAfter(version)
  }

  /** The version of the spreadsheet by now, unless it could not be known before. */
  async #versionAfter(before: string | undefined): Promise<string | undefined> {
    return before === undefined ? undefined : this.#spreadsheet.version()
  }

  #readBlocks(): AsyncIterable<readonly Block[]> {
    const { values, dates, headerRow } = this.#sync.request
    const areas = this.#states.map(({ area, written }) => {
      const { nextRow, header, numberColumns } = written
      return { title: area.title, rectangle: area.rectangle, fromRow: nextRow, header, numberColumns }
    })
    return this.#spreadsheet.read(areas, { values, dates, hasHeader: headerRow > 0 })
  }

  /** Writes blocks that came together: those of different areas side by side, those of one in order. */
  async #write(blocks: readonly Block[]): Promise<void> {
    await settleAll(
      [...Map.groupBy(blocks, ({ area }) => area)].map(async ([index, own]) => {
        const state = this.#states[index]
        if (state === undefined) throw new TypeError('a block is of no area')
        for (const block of own) {
          advance(state, await this.#writer.write(state.area, state.written, block), this.#states)
        }
      }),
    )
  }

  /** The areas of these blocks of which there are no more. */
  #readWhole(blocks: readonly Block[]): AreaState[] {
    const touched = new Set(blocks.map(({ area }) => area))
    return this.#states.filter(
      ({ area, written }, index) => touched.has(index) && written.nextRow >= area.rectangle.endRow,
    )
  }

  async #finish(state: AreaState): Promise<void> {
    const written = await this.#stored(this.#writer.finish(state.area, state.written))
    // However long that takes, the store is not what it waits for.
    advance(state, await this.#writer.convert(state.area, written), this.#states)
  }

  async #publish(version: string | undefined, consistent: SyncResult['consistent']): Promise<SyncResult> {
    const { request, id, spreadsheet, createdBy, identity } = this.#sync
    this.#phase = 'publishing'
    this.#reportAll()
    const report = this.#fullReport(version)
    const manifest: SnapshotManifest = {
      version: 1,
      syncId: id,
      publishedAt: this.#options.clock.now().toISOString(),
      spreadsheet: { id: spreadsheet.id, url: spreadsheet.url, ...report.spreadsheet },
      consistent,
      request,
      tabs: this.#states.map(({ area, written, names }) => ({
        gid: area.gid,
        title: area.title,
        range: area.range,
        rectangle: area.range === null ? null : area.rectangle,
        rows: written.rows,
        columns: written.width,
        columnNames: request.headerRow > 0 ? (names?.names.slice(0, written.width) ?? []) : null,
        files: written.files ?? [],
        tallies: written.tallies,
      })),
      warnings: [...(report.warnings ?? [])],
      createdBy,
      identity,
    }
    const warnings = [...manifest.warnings, ...(await requireExpected(manifest, () => this.#ownSnapshots()))]
    this.#context.signal.throwIfAborted()
    await this.#stored(this.#draft.publish({ ...manifest, warnings }))
    return { outcome: 'downloaded', consistent, snapshotId: id, report: { ...report, warnings } }
  }
}

/** Who reads: a credential of the service, or the user whose own token was sealed for the sync. */
function readerOf({ id, identity, sealedToken, request }: ActiveSync, unseal: DownloadOptions['unseal']): Reader {
  if (identity === null) return { credential: request.credential, actAs: request.actAs }
  if (unseal === undefined || sealedToken === null) {
    throw new AppError('TOKEN_UNREADABLE', 'No TOKEN_KEY is set where the sync is run.')
  }
  return { identity, token: unseal(sealedToken, id) }
}
