import { join } from 'node:path'
import { errnoOf } from '../../../disk/disk-errors.ts'
import { namesIn } from '../../../disk/file-operations.ts'
import { AppError } from '../../../errors.ts'
import { isNewerRecord } from '../../../model/sync-record.ts'
import { parseTempName } from '../file-names.ts'
import { type DayFileName, dayAt } from './history-day.ts'
import type { HistoryFolder } from './history-folder.ts'
import type { HistoryLock } from './history-lock.ts'
import { DamagedIndexError } from './index-header.ts'
import { packDay } from './pack-day.ts'

const DAY_MS = 86_400_000

/** Lines that are not packed are read and kept in memory as a whole: those of today too are packed beyond these. */
const LINES_BYTES_MAX = 64 * 1024 * 1024
const LINES_MAX = 32_768

/** Milliseconds that a tidying waits for its turn. */
const PATIENCE_MS = 10_000

type Name = DayFileName & { readonly name: string }

export interface TidyOptions {
  readonly folder: HistoryFolder
  readonly lock: HistoryLock
  /** Milliseconds since 1970: what has ended then or before goes, with its day. */
  readonly horizon: number
  readonly maxBytes: number
  readonly now: Date
  readonly signal?: AbortSignal | undefined
}

/**
 * Packs the days that are over, and removes those that have outlived the history and, the oldest first, those that are too
 * much. Each step takes the lock for itself, and only when there is something to do; one that fails is logged, and the next
 * tidying tries again.
 */
export async function tidyHistory(options: TidyOptions): Promise<void> {
  const { folder, lock, horizon, maxBytes, now, signal } = options
  const { fs, log } = folder.folder
  const today = dayAt(now.getTime())

  async function attempt(day: string, step: () => Promise<void>): Promise<void> {
    if (signal?.aborted) return
    try {
      await step()
    } catch (error) {
      if (errnoOf(error) === undefined && !(error instanceof AppError) && !(error instanceof DamagedIndexError))
        throw error
      log.warn({ err: error, day }, 'a day of the history could not be tidied; the next sweep tries again')
    }
  }
  const alone = (task: () => Promise<void>) => lock.run(PATIENCE_MS, task)

  for (const [day, names] of Map.groupBy(await folder.names(), (name) => name.day)) {
    await attempt(day, async () => {
      if ((await nextStep(folder, day, names, { today, horizon })) === undefined) return
      await alone(async () => {
        // Looked at once more, as another process may have changed it meanwhile.
        await folder.recover(day, { make: false })
        const namesNow = (await folder.names()).filter((name) => name.day === day)
        const step = await nextStep(folder, day, namesNow, { today, horizon })
        if (step === 'drop') await dropDay(folder, day)
        if (step === 'pack') await packLines(folder, day)
        await removeOdd(folder, day)
      })
    })
  }
  const sizes = Map.groupBy(await folder.names(), (name) => name.day)
  const bytesOf = (names: readonly Name[]) =>
    names.reduce((sum, { name }) => sum + (fs.identify(join(folder.folder.directory, name))?.size ?? 0), 0)
  let bytes = [...sizes.values()].reduce((sum, names) => sum + bytesOf(names), 0)
  for (const [day, names] of [...sizes].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (bytes <= maxBytes) return
    const freed = bytesOf(names)
    await attempt(day, async () => {
      await alone(() => dropDay(folder, day))
      bytes -= freed
      log.info({ day, maxBytes }, 'a day of the history was removed, as the history had become too large')
    })
  }
}

async function nextStep(
  folder: HistoryFolder,
  day: string,
  names: readonly Name[],
  { today, horizon }: { readonly today: string; readonly horizon: number },
): Promise<'drop' | 'pack' | 'recover' | undefined> {
  try {
    const lines = await folder.currentLines(day)
    const packed = await folder.currentPacked(day)
    if (lines === undefined && packed === undefined) return 'recover'
    if (Math.max(lines?.lastFinishedAt ?? 0, packed?.header.lastFinishedAt ?? 0) <= horizon) return 'drop'
    const isLarge = lines !== undefined && (lines.bytes > LINES_BYTES_MAX || lines.lines > LINES_MAX)
    if (lines !== undefined && (day !== today || isLarge)) return 'pack'
    const generation = packed?.header.generation
    const hasItsFile =
      generation === undefined || names.some((name) => name.kind === 'data' && name.generation === generation)
    return !hasItsFile || names.some(isOddBeside(generation)) ? 'recover' : undefined
  } catch (error) {
    if (error instanceof DamagedIndexError) return 'recover'
    // Its entries cannot be read; by its name all of it is over.
    if (isNewerRecord(error) && Date.parse(day) + DAY_MS <= horizon) return 'drop'
    if (isNewerRecord(error)) return undefined
    throw error
  }
}

/** What a kill has left beside the packed file of this generation. */
function isOddBeside(current: number | undefined): (name: Name) => boolean {
  return ({ kind, generation }) =>
    kind === 'unfinished' || (kind === 'data' && generation > 0 && current !== undefined && generation !== current)
}

async function packLines(folder: HistoryFolder, day: string): Promise<void> {
  const { fs, log } = folder.folder
  const lines = await folder.currentLines(day)
  const packed = await folder.currentPacked(day)
  if (lines !== undefined) await packDay({ fs, log, files: folder.filesOf(day), packed }, lines)
}

/** Removes what belongs to no index. */
async function removeOdd(folder: HistoryFolder, day: string): Promise<void> {
  const isOdd = isOddBeside((await folder.currentPacked(day))?.header.generation)
  for (const name of await folder.names()) {
    if (name.day === day && isOdd(name)) await folder.folder.discard(join(folder.folder.directory, name.name))
  }
}

/** Lines first: an entry whose line is gone is none, but lines without an index would get one. */
async function dropDay(folder: HistoryFolder, day: string): Promise<void> {
  const names = (await folder.names()).filter((name) => name.day === day)
  for (const kind of ['data', 'index', 'unfinished'] as const) {
    for (const { name } of names.filter((each) => each.kind === kind)) {
      await folder.folder.remove(join(folder.folder.directory, name))
    }
  }
  await folder.folder.fs.syncFolder(folder.folder.directory)
}

/** Removes the temporary files that dead processes left of the lock. */
export async function sweepTemps(folder: HistoryFolder): Promise<void> {
  const { fs, temps, processes } = folder.folder
  for (const name of await namesIn(fs, temps)) {
    const writer = parseTempName(name)?.writer
    const isOrphaned = writer !== undefined && (processes.isGone(writer) || !processes.isOfThisBoot(writer))
    if (isOrphaned) await folder.folder.discard(join(temps, name))
  }
}
