import type { drive_v3, StreamMethodOptions } from 'googleapis/build/src/apis/drive/index.js'
import { AppError } from '../errors.ts'
import type {
  ChangeFeed,
  ChangeLogName,
  ChangePage,
  ChannelRequest,
  FileState,
  OpenChannel,
} from '../ports/change-feed.ts'
import type { Clock } from '../ports/clock.ts'
import type { Metrics } from '../ports/metrics.ts'
import { rememberSecrets } from '../redaction.ts'
import type { Body } from './answer-body.ts'
import { CallFault, TokenRefused } from './call-fault.ts'
import { asChangePage, asFileState, asOpenChannel, asStartToken, errorOfDrive, errorOfLog } from './drive-answers.ts'
import type { GoogleApi, Send as SendToGoogle } from './google-api.ts'
import { backoffMs } from './retry.ts'

/** Tries of a call, and milliseconds of one: whoever polls comes back soon. */
const TRIES = 3
const TIMEOUT_MS = 20_000
/** The longest pause between two tries; who is to wait longer comes with the next poll. */
const PAUSE_MS = 5000

/** Changes of a page; Google's most. */
const PAGE_SIZE = 1000

const LIST_FIELDS = 'nextPageToken,newStartPageToken,changes(fileId,removed,file(version))'
const FILE_FIELDS = 'version,driveId,ownedByMe,sharedWithMeTime'

/** What a Drive call answers with, as Google's client gives it. */
type Answer = ReturnType<SendToGoogle>

export interface DriveChangesOptions {
  readonly api: Pick<GoogleApi, 'call'>
  readonly metrics?: Metrics
  readonly clock: Clock
}

/**
 * Drive's change log by Google's own client. As the versions that syncs ask for, these calls take nothing from the read
 * budget, which is that of Sheets: Drive has a quota of its own, and where it is used up, Drive's pause is kept.
 */
export class DriveChanges implements ChangeFeed {
  readonly #options: DriveChangesOptions

  constructor(options: DriveChangesOptions) {
    this.#options = options
  }

  async startToken(log: ChangeLogName, signal: AbortSignal): Promise<string> {
    const send: Send = (drive, options) =>
      drive.changes.getStartPageToken({ ...driveOf(log), supportsAllDrives: true }, options)
    return this.#call('changes', send, signal, asStartToken, errorOfLog(log))
  }

  async changesSince(log: ChangeLogName, pageToken: string, signal: AbortSignal): Promise<ChangePage> {
    const asked = { ...driveOf(log), ...ALL_DRIVES, pageToken, pageSize: PAGE_SIZE, fields: LIST_FIELDS }
    const send: Send = (drive, options) => drive.changes.list(asked, options)
    return this.#call('changes', send, signal, asChangePage, errorOfLog(log))
  }

  async file(fileId: string, signal: AbortSignal): Promise<FileState> {
    const asked = { fileId, supportsAllDrives: true, fields: FILE_FIELDS }
    try {
      return await this.#call('version', (drive, options) => drive.files.get(asked, options), signal, asFileState)
    } catch (error) {
      const isHidden =
        error instanceof AppError && (error.code === 'SHEET_NOT_FOUND' || error.code === 'SHEET_FORBIDDEN')
      if (!isHidden) throw error
      return { version: null, driveId: null, isInAccountLog: false }
    }
  }

  async watch(channel: ChannelRequest, pageToken: string, signal: AbortSignal): Promise<OpenChannel> {
    const { id, token, address, expiresAt } = channel
    rememberSecrets([token])
    const requestBody = { id, token, address, type: 'web_hook', expiration: String(expiresAt.getTime()) }
    const asked = { ...ALL_DRIVES, pageToken, requestBody }
    const read = (body: Body) => asOpenChannel(body, expiresAt)
    return this.#call('channels', (drive, options) => drive.changes.watch(asked, options), signal, read)
  }

  async stop(id: string, resourceId: string, signal: AbortSignal): Promise<void> {
    try {
      const send: Send = (drive, options) => drive.channels.stop({ requestBody: { id, resourceId } }, options)
      await this.#call('channels', send, signal, () => undefined)
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'SHEET_NOT_FOUND')) throw error
    }
  }

  /** Makes a call until it succeeds, or has failed often enough. */
  async #call<T>(
    kind: 'version' | 'changes' | 'channels',
    send: Send,
    signal: AbortSignal,
    read: (body: Body) => T,
    asError = errorOfDrive,
  ): Promise<T> {
    const { api, clock, metrics } = this.#options
    let isTokenNew = false
    for (let tries = 1; ; tries += 1) {
      let sent = 0
      let result = 'ok'
      try {
        const call = { signal, timeoutMs: TIMEOUT_MS, onSend: () => void sent++ }
        return read(await api.call(call, ({ drive }, options) => send(drive, options), asError))
      } catch (error) {
        signal.throwIfAborted()
        result = error instanceof CallFault ? error.kind : error instanceof AppError ? error.code : 'refused'
        if (!(error instanceof CallFault)) throw error
        if (error instanceof TokenRefused) {
          if (isTokenNew) throw error.failure
          isTokenNew = true
          continue
        }
        const pauseMs = backoffMs(tries - 1, { retryAfterMs: error.retryAfterMs })
        if (tries >= TRIES || pauseMs > PAUSE_MS) throw failureOf(error)
        await clock.sleep(pauseMs, signal)
        signal.throwIfAborted()
      } finally {
        for (; sent > 0; sent -= 1) metrics?.googleCall(kind, result)
      }
    }
  }
}

/** What a call ends with that was tried often enough. */
function failureOf(fault: CallFault): AppError {
  const { code, message, retryAfterMs } = fault
  const later = retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }
  return new AppError(code, message, { cause: fault, ...later })
}

const ALL_DRIVES = { includeItemsFromAllDrives: true, supportsAllDrives: true }

type Send = (drive: drive_v3.Drive, options: StreamMethodOptions) => Answer

function driveOf(log: ChangeLogName): { readonly driveId?: string } {
  return log === 'account' ? {} : { driveId: log.drive }
}
