import { AppError } from '../../errors.ts'
import type { SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { ActiveSync, SyncProgress, SyncResult, SyncWarning } from '../../model/sync.ts'
import type { JobContext } from '../../ports/job-runner.ts'
import { CallFault } from '../../ports/sheet-source.ts'
import type { SnapshotDraft } from '../../ports/snapshot-store.ts'
import { CallBudget } from '../../sheets/plan.ts'
import type { DownloadDeps } from '../download-job.ts'
import { BlockReads, type WrittenPart } from './block-reads.ts'
import { Calls } from './calls.ts'
import { type DownloadCheckpoint, downloadCheckpoint, fingerprint } from './download-checkpoint.ts'
import { fullReport, progressOf } from './progress.ts'
import { isUnchanged, resultOf } from './result.ts'
import { TargetState } from './target-state.ts'
import { TargetWriter } from './target-writer.ts'
import { findTargets } from './targets.ts'

/** The spreadsheet was edited while it was read, so what was read does not belong together. */
class EditedMeanwhile extends Error {
  override readonly name = 'EditedMeanwhile'
  readonly version: string

  constructor(version: string) {
    super('the spreadsheet was edited while it was read')
    this.version = version
  }
}

/** One sync's way from its claim to its snapshot. */
export class Download {
  readonly #deps: DownloadDeps
  readonly #sync: ActiveSync
  readonly #context: JobContext
  readonly #draft: SnapshotDraft
  readonly #calls: Calls
  #states: readonly TargetState[] = []
  #warnings: readonly SyncWarning[] = []
  #phase: SyncProgress['phase'] = 'reading-metadata'
  #title = ''

  constructor(deps: DownloadDeps, sync: ActiveSync, context: JobContext, draft: SnapshotDraft) {
    this.#deps = deps
    this.#sync = sync
    this.#context = context
    this.#draft = draft
    const { source, quota, clock, log, tuning, codec } = deps
    this.#calls = new Calls({
      source,
      quota,
      clock,
      log,
      tuning,
      spare: codec.spare,
      spreadsheetId: sync.spreadsheet.id,
      syncId: sync.id,
      signal: context.signal,
      callsBefore: sync.progress.apiCalls,
      onChange: () => context.report({ progress: progressOf(this.#progress) }),
    })
  }

  async run(): Promise<SyncResult> {
    const { tuning, log } = this.#deps
    this.#context.report({ progress: progressOf(this.#progress) })
    let version = await this.#calls.version()
    const unchanged = version === undefined ? undefined : await this.#findUnchanged(version)
    if (unchanged !== undefined) {
      const { report, ...result } = resultOf(unchanged, this.#sync, 'unchanged')
      return { ...result, report: { ...report, progress: { ...report.progress, apiCalls: this.#calls.count } } }
    }
    const saved = downloadCheckpoint.safeParse(this.#draft.checkpoint)
    let resumed = saved.success && saved.data.driveVersion === (version ?? null) ? saved.data : undefined
    for (let repeats = saved.data?.repeats ?? 0; ; repeats += 1) {
      try {
        await this.#downloadOnce(version, repeats, resumed)
        const after = version === undefined ? undefined : await this.#calls.version()
        const isEdited = after !== version
        if (isEdited && after !== undefined && repeats < tuning.repeats) throw new EditedMeanwhile(after)
        return await this.#publish(version, after === undefined ? 'unknown' : !isEdited)
      } catch (error) {
        if (!(error instanceof EditedMeanwhile)) throw error
        log.info({ syncId: this.#sync.id, repeats }, 'the spreadsheet was edited meanwhile; it is downloaded again')
        version = error.version
        resumed = undefined
      }
    }
  }

  get #progress() {
    return { syncId: this.#sync.id, states: this.#states, phase: this.#phase, calls: this.#calls }
  }

  #reportAll(): void {
    this.#context.report(fullReport(this.#progress, this.#warnings))
  }

  async #findUnchanged(version: string): Promise<SnapshotManifest | undefined> {
    const { request, spreadsheet, createdBy } = this.#sync
    if (request.ifUnchanged !== 'skip') return undefined
    const snapshots = await this.#deps.snapshots.list(spreadsheet.id)
    // Another key's snapshot is not this one's to read, whatever it holds.
    const latest = snapshots.find((manifest) => manifest.createdBy === createdBy)
    return latest !== undefined && isUnchanged(latest, version, request) ? latest : undefined
  }

  /** Reads and writes all that is not written yet. */
  async #downloadOnce(
    version: string | undefined,
    repeats: number,
    resumed: DownloadCheckpoint | undefined,
  ): Promise<void> {
    const { request } = this.#sync
    const description = await this.#calls.describe()
    const { targets, warnings } = findTargets(description, request)
    const print = fingerprint(targets)
    const states = resumed?.targets === print ? resumed.states : undefined
    if (states === undefined) await this.#draft.reset()
    const hasHeader = request.headerRow > 0
    this.#states = targets.map((target, index) => new TargetState(target, hasHeader, states?.[index]))
    this.#warnings = warnings
    this.#title = description.title
    this.#phase = 'downloading'
    this.#context.report({
      spreadsheet: { title: description.title, version: version ?? null },
      ...fullReport(this.#progress, warnings),
    })
    const writer = new TargetWriter(this.#draft, request, this.#deps.codec.spare)
    const save = () => {
      const checkpoint: DownloadCheckpoint = {
        version: 1,
        driveVersion: version ?? null,
        targets: print,
        repeats,
        states: this.#states.map(({ saved }) => saved),
      }
      return this.#draft.saveCheckpoint(checkpoint)
    }
    try {
      await this.#readBlocks(async (parts) => {
        await writeParts(writer, parts)
        await save()
        this.#reportAll()
      })
    } catch (error) {
      throw await this.#whyRefused(error, version, repeats)
    }
    // What has no rows in the grid was never part of a block.
    for (const state of this.#states) if (!state.isDone) await writer.finish(state)
    this.#reportAll()
  }

  async #readBlocks(write: (parts: readonly WrittenPart[]) => Promise<void>): Promise<void> {
    const { codec, tuning } = this.#deps
    // The first error ends all that goes on beside it.
    const failed = new AbortController()
    const budget = new CallBudget(tuning)
    const reads = new BlockReads({
      states: this.#states,
      request: this.#sync.request,
      calls: this.#calls,
      codec,
      tuning,
      budget,
      dateBudget: new CallBudget(tuning, budget),
      signal: AbortSignal.any([this.#context.signal, failed.signal]),
      write,
    })
    try {
      await reads.run()
    } catch (error) {
      failed.abort(error)
      await reads.settled()
      throw error
    }
  }

  /** A refused or short answer has an innocent reason when the spreadsheet was edited: rows or tabs are gone. */
  async #whyRefused(error: unknown, version: string | undefined, repeats: number): Promise<unknown> {
    const isShort = error instanceof CallFault && error.kind === 'incomplete'
    const isRefused = error instanceof AppError && error.code === 'GOOGLE_REQUEST_REFUSED'
    if (!isShort && !isRefused) return error
    if (version !== undefined && repeats < this.#deps.tuning.repeats) {
      const after = await this.#calls.version()
      if (after !== undefined && after !== version) return new EditedMeanwhile(after)
    }
    return isShort ? new AppError('GOOGLE_ANSWER_INCOMPLETE', error.message, { cause: error }) : error
  }

  async #publish(version: string | undefined, consistent: SyncResult['consistent']): Promise<SyncResult> {
    const { request, id, spreadsheet, createdBy } = this.#sync
    this.#phase = 'publishing'
    this.#reportAll()
    const report = {
      spreadsheet: { title: this.#title, version: version ?? null },
      ...fullReport(this.#progress, this.#warnings),
    }
    const manifest: SnapshotManifest = {
      version: 1,
      syncId: id,
      publishedAt: this.#deps.clock.now().toISOString(),
      spreadsheet: { id: spreadsheet.id, url: spreadsheet.url, ...report.spreadsheet },
      consistent,
      request,
      tabs: this.#states.map(({ target, saved, hasHeader, names }) => ({
        gid: target.gid,
        title: target.title,
        range: target.range,
        rows: saved.rows,
        columns: saved.width,
        columnNames: hasHeader ? names.names.slice(0, saved.width) : null,
        files: saved.files ?? [],
      })),
      warnings: [...(report.warnings ?? [])],
      createdBy,
    }
    this.#context.signal.throwIfAborted()
    await this.#draft.publish(manifest)
    return { outcome: 'downloaded', consistent, snapshotId: id, report }
  }
}

async function writeParts(writer: TargetWriter, parts: readonly WrittenPart[]): Promise<void> {
  // Targets are files of their own, so they may be written side by side; what is of one target goes in order.
  const byTarget = Map.groupBy(parts, ({ state }) => state)
  await Promise.all(
    [...byTarget].map(async ([state, pieces]) => {
      for (const { area, encoded } of pieces) await writer.write(state, area.endRow, encoded)
      if (state.saved.nextRow >= state.target.area.endRow) await writer.finish(state)
    }),
  )
}
