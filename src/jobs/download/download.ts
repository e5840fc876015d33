import type { Block } from '../../blocks/block.ts'
import { settleAll } from '../../concurrency/settle-all.ts'
import { AppError } from '../../errors.ts'
import type { SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { ActiveSync } from '../../model/sync.ts'
import type { SyncResult } from '../../model/sync-report.ts'
import type { AreaWriter } from '../../ports/block-writer.ts'
import type { JobContext } from '../../ports/job-runner.ts'
import type { Spreadsheet } from '../../ports/sheet-source.ts'
import type { SnapshotDraft } from '../../ports/snapshot-store.ts'
import { type AreaState, advance, areaState } from './area-state.ts'
import { type DownloadCheckpoint, fingerprint, readCheckpoint, resumeFrom } from './download-checkpoint.ts'
import type { DownloadOptions } from './download-options.ts'
import { DownloadReports } from './download-reports.ts'
import { requireExpected } from './expectations.ts'
import { makeManifest } from './make-manifest.ts'
import { resultOf } from './result.ts'
import { watchStore } from './slow-store.ts'
import { readerOf } from './sync-reader.ts'
import { findUnchanged } from './unchanged-snapshot.ts'

/** How often a spreadsheet that was edited while it was read is downloaded again. */
const REPEATS = 2

/** What an edit of the spreadsheet may be the reason of: rows or tabs that were there are gone. */
const MAY_BE_EDITED = ['GOOGLE_ANSWER_INCOMPLETE', 'GOOGLE_REQUEST_REFUSED']

/** One sync's way from its claim to its snapshot. */
export class Download {
  readonly #options: DownloadOptions
  readonly #sync: ActiveSync
  readonly #context: JobContext
  readonly #draft: SnapshotDraft
  readonly #spreadsheet: Spreadsheet
  readonly #writer: AreaWriter
  readonly #reports: DownloadReports
  #states: readonly AreaState[] = []

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
    this.#writer = writer
    this.#reports = new DownloadReports(sync, context)
    this.#spreadsheet = options.source.open(sync.spreadsheet.id, {
      signal: context.signal,
      reader: readerOf(sync, options.unseal),
      key: sync.id,
      background: sync.background,
      slot: context.slot,
      ...this.#reports.ofReading,
    })
  }

  async execute(): Promise<SyncResult> {
    this.#reports.reportProgress()
    let version = await this.#spreadsheet.version()
    const listEarlier = () => this.#ownSnapshots()
    const unchanged = await findUnchanged(this.#sync.request, version, listEarlier, this.#options)
    if (unchanged !== undefined) {
      const { report, ...result } = resultOf(unchanged, this.#sync, 'unchanged')
      return { ...result, report: { ...report, progress: { ...report.progress, apiCalls: this.#reports.apiCalls } } }
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

  /** Settles as work of the snapshot store does, and reports meanwhile if that is slow. */
  #stored<T>(work: Promise<T>): Promise<T> {
    return watchStore(work, this.#options, this.#reports.onStoreFault)
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
    const description = await this.#spreadsheet.describe(this.#sync.request)
    const { areas } = description
    const { clock } = this.#options
    const written = resumeFrom(checkpoint, version, areas, clock.now())
    if (written === undefined) await this.#stored(this.#draft.reset())
    this.#states = areas.map((area, index) => areaState(area, written?.[index]))
    this.#reports.begin(description, this.#states)
    this.#reports.reportAll({ spreadsheet: this.#reports.spreadsheetOf(version) })
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
        this.#reports.reportAll({ checkpointed: true })
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
    this.#reports.reportAll()
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
    this.#reports.phase = 'publishing'
    this.#reports.reportAll()
    const spreadsheet = this.#reports.spreadsheetOf(version)
    const report = { spreadsheet, ...this.#reports.full() }
    const read = { spreadsheet, consistent, warnings: [...(report.warnings ?? [])] }
    const manifest = makeManifest(this.#sync, this.#states, read, this.#options.clock.now())
    const warnings = [...manifest.warnings, ...(await requireExpected(manifest, () => this.#ownSnapshots()))]
    this.#context.signal.throwIfAborted()
    await this.#stored(this.#draft.publish({ ...manifest, warnings }))
    return { outcome: 'downloaded', consistent, snapshotId: this.#sync.id, report: { ...report, warnings } }
  }
}
