import { join } from 'node:path'
import { yieldEvery } from './event-loop-yield.ts'
import type { StatusFolder } from './status-folder.ts'

/** Milliseconds by which the kernel's stamp of a change may lag behind: it comes from a clock that ticks up to 100 times a second. */
const TICK_MS = 100

/** Milliseconds of the steps in which some file systems, HFS+ for one, tell times. */
const COARSE_MS = 1000

/** Milliseconds after which a folder is scanned though it looks the same: a file written by hand in its place does not change it. */
const RESCAN_MS = 60_000

/** Microseconds; the last year that every file system can keep (32 bits of seconds end in January 2038). */
const LAST_MICROS = Date.parse('2038-01-01T00:00:00.000Z') * 1000

/** The time of modification that the file of an entry gets: when it expires, as near as a file can say it, and never later. */
export function modifiedAtExpiry(expiresAt: string | undefined): Date {
  return new Date(
    Math.min(LAST_MICROS / 1000, expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt)),
  )
}

interface Scan {
  /** When the folder was last modified, as of the beginning of the scan. */
  readonly modifiedMicros: number
  /** Whether a later change must show in that time. */
  readonly isSettled: boolean
  /** On the monotonic clock. */
  readonly at: number
  /** When each entry expires, by its file, in microseconds. */
  readonly expiries: ReadonlyMap<string, number>
  readonly earliest: number
}

/**
 * Which entries of a folder may have expired, by the times of modification of their files, which are those of expiry. As
 * long as nothing has changed in the folder and nothing is due, one stat of it answers that.
 */
export class ExpiryScan {
  readonly #folder: StatusFolder
  readonly #entries: string
  #scan: Scan | undefined

  constructor(folder: StatusFolder, entries: string) {
    this.#folder = folder
    this.#entries = entries
  }

  /** Keys whose file says that they have expired at `now`, the earliest first; what an entry holds decides whether it has. */
  async due(now: Date): Promise<readonly string[]> {
    const micros = now.getTime() * 1000
    const { expiries, earliest } = await this.#current()
    if (earliest > micros) return []
    const due = [...expiries].filter(([, expiry]) => expiry <= micros)
    return due.sort(([, one], [, other]) => one - other).map(([key]) => key)
  }

  async #current(): Promise<Scan> {
    const { fs, clock } = this.#folder
    const modifiedMicros = fs.identify(this.#entries)?.modifiedMicros ?? 0
    const known = this.#scan
    const isKnown = known?.isSettled && known.modifiedMicros === modifiedMicros
    if (isKnown && clock.monotonic() - known.at < RESCAN_MS) return known
    // The kernel's time, not the clock's, which a test may have set.
    const sinceChangeMs = Date.now() - modifiedMicros / 1000
    const at = clock.monotonic()
    const expiries = new Map<string, number>()
    let earliest = Number.POSITIVE_INFINITY
    const yielding = yieldEvery()
    for await (const names of fs.list(this.#entries)) {
      for (const name of names) {
        const key = keyOfEntry(name)
        const expiry = key === undefined ? undefined : fs.identify(join(this.#entries, name))?.modifiedMicros
        if (key === undefined || expiry === undefined) continue
        expiries.set(key, expiry)
        earliest = Math.min(earliest, expiry)
        await yielding()
      }
    }
    const stepMs = modifiedMicros % (COARSE_MS * 1000) === 0 ? COARSE_MS : 0
    this.#scan = { modifiedMicros, isSettled: sinceChangeMs > TICK_MS + stepMs, at, expiries, earliest }
    return this.#scan
  }
}

/** The key whose entry a file of this name holds. */
export function keyOfEntry(name: string): string | undefined {
  return /^([\w-]+)\.json$/.exec(name)?.[1]
}
