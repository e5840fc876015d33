import { mapAll } from '../concurrency/map-all.ts'
import {
  type ChangeFeed,
  type ChangeLogName,
  type ChangePage,
  DriveGone,
  type FileState,
  TokenGone,
} from '../ports/change-feed.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { ChangeRecords } from './change-records.ts'

/** Files that are asked for one by one in one go, and at a time. */
const ASKED_IN_ONE_GO = 100
const ASKED_AT_A_TIME = 4

/** Entries that are read from the storage at a time. */
const READ_AT_A_TIME = 16

/** Milliseconds for which a shared drive that is not there is not asked for. */
const DRIVE_GONE_MS = 600_000

/** A spreadsheet that has another version than it had. */
export interface SpreadsheetChange {
  readonly spreadsheetId: string
  /** Drive's version; `null` where the account cannot see the file any more. */
  readonly version: string | null
  /** When it was noticed. */
  readonly at: Date
}

export interface ChangePollOptions {
  readonly feed: ChangeFeed
  readonly records: ChangeRecords
  /** Told of each change, once or more often; what it rejects with ends the poll, and the change is told again. */
  readonly onChanged: (change: SpreadsheetChange) => Promise<void>
  /** Milliseconds between two looks at a file whose changes are in no log. */
  readonly askIntervalMs: number
  readonly clock: Clock
  readonly log: Log
}

interface WatchedFile {
  readonly spreadsheetId: string
  /** As it was last seen; absent for one that never was. */
  state: FileState | undefined
  /** When to ask for it by itself, on the monotonic clock; infinite where a log tells of it. */
  askAt: number
}

/**
 * What the poller knows of the spreadsheets that it watches, and how it finds out what changed: by one list for the
 * account and one for each shared drive that holds one of them, and by asking for those of which no log is sure to tell.
 * Google lists files that were only viewed, too, so that the version decides.
 */
export class ChangePoll {
  readonly #options: ChangePollOptions
  readonly #files = new Map<string, WatchedFile>()
  /** Shared drives that are not there for this account, and until when that is believed. */
  readonly #goneDrives = new Map<string, number>()

  constructor(options: ChangePollOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#files.size
  }

  /**
   * Watches these from now on. What the last poller knew of them is read, and each is asked for once all the same: at once,
   * or, of those that this process finds when it begins, some time within the interval, so that a restart costs no burst.
   */
  async watch(spreadsheetIds: ReadonlySet<string>): Promise<void> {
    const { records, clock, askIntervalMs } = this.#options
    const isBeginning = this.#files.size === 0
    const added = [...spreadsheetIds].filter((id) => !this.#files.has(id))
    const gone = [...this.#files.keys()].filter((id) => !spreadsheetIds.has(id))
    await mapAll(gone, READ_AT_A_TIME, async (id) => {
      await records.removeFile(id)
      this.#files.delete(id)
    })
    await mapAll(added, READ_AT_A_TIME, async (spreadsheetId) => {
      const state = await records.readFile(spreadsheetId)
      const isKnown = isBeginning && state !== undefined
      const askAt = isKnown ? clock.monotonic() + askIntervalMs * Math.random() : 0
      this.#files.set(spreadsheetId, { spreadsheetId, state, askAt })
    })
  }

  /** Lists what changed since the last list; resolves to whether any watched spreadsheet did. */
  async list(signal: AbortSignal): Promise<boolean> {
    const now = this.#options.clock.monotonic()
    let hasChanged = await this.#listLog('account', signal)
    for (const drive of this.#drives()) {
      if ((this.#goneDrives.get(drive) ?? 0) > now) continue
      this.#goneDrives.delete(drive)
      try {
        if (await this.#listLog({ drive }, signal)) hasChanged = true
      } catch (error) {
        if (!(error instanceof DriveGone)) throw error
        this.#options.log.debug(
          {},
          'a shared drive is not there for this account; its spreadsheets are asked for one by one',
        )
        this.#goneDrives.set(drive, now + DRIVE_GONE_MS)
        this.#askAgain({ drive })
      }
    }
    return hasChanged
  }

  /** Asks for some of those files whose turn it is; resolves to how many, and whether there are more. */
  async ask(signal: AbortSignal): Promise<{ readonly asked: number; readonly hasMore: boolean }> {
    const { feed, clock, askIntervalMs } = this.#options
    const now = clock.monotonic()
    const due = this.#files.values().filter(({ askAt }) => askAt <= now)
    const batch = [...due.take(ASKED_IN_ONE_GO + 1)]
    let failed = false
    await mapAll(batch.slice(0, ASKED_IN_ONE_GO), ASKED_AT_A_TIME, async (file) => {
      if (failed || signal.aborted) return
      // One that Google cannot answer for is not to keep the others waiting.
      file.askAt = now + askIntervalMs
      try {
        const state = await feed.file(file.spreadsheetId, signal)
        await this.#see(file, state)
        file.askAt = this.#nextAsk(state)
      } catch (error) {
        failed = true
        throw error
      }
    })
    return { asked: Math.min(batch.length, ASKED_IN_ONE_GO), hasMore: batch.length > ASKED_IN_ONE_GO }
  }

  async #listLog(log: ChangeLogName, signal: AbortSignal): Promise<boolean> {
    const { feed } = this.#options
    const token = this.#tokenOf(log)
    if (token === undefined) {
      await this.#beginAnew(log, signal)
      return false
    }
    let hasChanged = false
    try {
      for (let page: ChangePage, from = token; ; from = page.nextToken) {
        page = await feed.changesSince(log, from, signal)
        for (const { fileId, version } of page.changes) {
          const file = this.#files.get(fileId)
          if (file === undefined || file.state === undefined) continue
          if (await this.#see(file, { ...file.state, version })) hasChanged = true
        }
        if (page.nextToken !== from) await this.#storeToken(log, page.nextToken)
        if (page.isEnd) return hasChanged
      }
    } catch (error) {
      if (!(error instanceof TokenGone)) throw error
      this.#options.log.warn(
        { reason: error.message },
        'Google forgot where its change log was read to; every watched spreadsheet is asked for',
      )
      await this.#beginAnew(log, signal)
      return false
    }
  }

  /** Begins a list where the log ends now, and asks for all whose changes it may have told of before. */
  async #beginAnew(log: ChangeLogName, signal: AbortSignal): Promise<void> {
    await this.#storeToken(log, await this.#options.feed.startToken(log, signal))
    this.#askAgain(log)
  }

  #askAgain(log: ChangeLogName): void {
    for (const file of this.#files.values()) {
      const driveId = file.state?.driveId ?? null
      if (log === 'account' ? driveId === null : driveId === log.drive) file.askAt = 0
    }
  }

  /** Takes note of a file as it is now; resolves to whether it has changed. A change is told before it is stored. */
  async #see(file: WatchedFile, state: FileState): Promise<boolean> {
    const { onChanged, records, clock } = this.#options
    const { spreadsheetId, state: before } = file
    const hasChanged = before === undefined || before.version !== state.version
    if (hasChanged) await onChanged({ spreadsheetId, version: state.version, at: clock.now() })
    // What cannot be seen has not moved.
    const next = state.version === null && before !== undefined ? { ...before, version: null } : state
    const isSame = !hasChanged && before.driveId === next.driveId && before.isInAccountLog === next.isInAccountLog
    if (!isSame) await records.storeFile(spreadsheetId, next)
    file.state = next
    return hasChanged
  }

  /** When to ask for a file by itself; spread out, so that thousands are not asked for at once. */
  #nextAsk({ driveId, isInAccountLog, version }: FileState): number {
    const { clock, askIntervalMs } = this.#options
    const isListed = isInAccountLog || (driveId !== null && !this.#goneDrives.has(driveId))
    if (isListed && version !== null) return Number.POSITIVE_INFINITY
    return clock.monotonic() + askIntervalMs * (0.9 + 0.1 * Math.random())
  }

  #drives(): Set<string> {
    return new Set([...this.#files.values()].flatMap(({ state }) => state?.driveId ?? []))
  }

  #tokenOf(log: ChangeLogName): string | undefined {
    const { account, drives } = this.#options.records.tokens
    return log === 'account' ? (account ?? undefined) : Object.hasOwn(drives, log.drive) ? drives[log.drive] : undefined
  }

  /** Tokens of drives that hold no watched file any more are dropped by the way. */
  async #storeToken(log: ChangeLogName, token: string): Promise<void> {
    const { records } = this.#options
    const { account, drives } = records.tokens
    if (log === 'account') return records.storeTokens({ account: token, drives })
    const used = this.#drives()
    const kept = Object.entries(drives).filter(([drive]) => used.has(drive))
    return records.storeTokens({ account, drives: Object.fromEntries([...kept, [log.drive, token]]) })
  }
}
