import { type Answer, json } from './answer.ts'
import { ChangeLog } from './change-log.ts'
import { Channels, type ChannelsOptions } from './channels.ts'
import { driveFile } from './drive-file.ts'
import { CHANGES, parseFields, pick } from './fields.ts'
import { GoogleError } from './google-error.ts'
import type { LiveWorkbook } from './live-workbook.ts'
import type { Route } from './route.ts'

/** Google's own limits of a page. */
const PAGE_SIZE = 100
const PAGE_SIZE_MAX = 1000
const DEFAULT_FIELDS = 'kind,nextPageToken,newStartPageToken,changes(kind,changeType,time,removed,fileId,driveId,file)'

export interface DriveChangesOptions extends ChannelsOptions {
  readonly workbooks: ReadonlyMap<string, LiveWorkbook>
}

/**
 * The change log of all accounts, of which each is listed what is or was shared with it, and those of shared drives: a
 * workbook is in the log of its drive, in that of the accounts, or, where it is only open by link, in none. What is in a
 * shared drive is in that log alone: Google does not promise it in an account's.
 */
export class DriveChanges {
  readonly #options: DriveChangesOptions
  readonly #accounts = new ChangeLog()
  readonly #drives = new Map<string, ChangeLog>()
  readonly channels: Channels

  constructor(options: DriveChangesOptions) {
    this.#options = options
    this.channels = new Channels(options)
  }

  /** Records that a workbook was edited, viewed, shared or taken away, and notifies of it. */
  add(workbook: LiveWorkbook): void {
    if (workbook.isOpenByLink) return
    const log = workbook.driveId === undefined ? this.#accounts : this.#drive(workbook.driveId)
    log.add(workbook.id, this.#options.now())
    if (log === this.#accounts) this.channels.notify((account) => workbook.wasReadableBy(account))
  }

  /** Has every page token that was given until now refused. */
  expireTokens(): void {
    for (const log of [this.#accounts, ...this.#drives.values()]) log.expire()
  }

  /** Answers a call to the change log by an account; absent: nobody that a token tells. Throws a GoogleError. */
  answer({ kind, query, path }: Route, body: string, account: string | undefined): Answer {
    const pretty = query.get('prettyPrint') !== 'false'
    if (kind === 'channels.stop') {
      this.channels.stop(body)
      return { status: 204, body: [] }
    }
    const log = this.#logFor(query, account)
    if (kind === 'changes.getStartPageToken') {
      return json(200, { kind: 'drive#startPageToken', startPageToken: log.startPageToken }, pretty)
    }
    const token = query.get('pageToken')
    if (token === null) {
      throw new GoogleError(400, 'Required parameter: pageToken', {
        reason: 'required',
        location: { locationType: 'parameter', location: 'pageToken' },
      })
    }
    const isSeen = (fileId: string) => this.#options.workbooks.get(fileId)?.wasReadableBy(account) ?? true
    const page = log.list(token, Math.min(Number(query.get('pageSize') ?? PAGE_SIZE), PAGE_SIZE_MAX), isSeen)
    if (kind === 'changes.watch') {
      const resourceUri = `https://www.googleapis.com${path.replace('/watch', '')}?alt=json`
      return json(200, this.channels.open(body, resourceUri, account), pretty)
    }
    const { changes, ...ends } = page
    const list = {
      kind: 'drive#changeList',
      ...ends,
      changes: changes.map(({ fileId, time }) => this.#change(fileId, time, account)),
    }
    return json(200, pick(list, parseFields(query.get('fields') ?? DEFAULT_FIELDS, CHANGES)), pretty)
  }

  close(): Promise<void> {
    return this.channels.close()
  }

  /** A change as it is listed: the file as it is now, or that it is not there for this account. */
  #change(fileId: string, time: string, account: string | undefined): object {
    const workbook = this.#options.workbooks.get(fileId)
    const isGone = workbook === undefined || ['missing', 'forbidden'].includes(workbook.access)
    const removed = isGone || !workbook.isReadableBy(account)
    const change = { kind: 'drive#change', changeType: 'file', time, removed, fileId }
    if (removed) return change
    return { ...change, ...(workbook.driveId && { driveId: workbook.driveId }), file: driveFile(workbook, '*') }
  }

  #logFor(query: URLSearchParams, account: string | undefined): ChangeLog {
    const driveId = query.get('driveId')
    if (driveId === null) return this.#accounts
    if (query.get('supportsAllDrives') !== 'true') {
      throw new GoogleError(400, 'The supportsAllDrives parameter must be true when a driveId is given.', {
        reason: 'invalid',
        location: { locationType: 'parameter', location: 'supportsAllDrives' },
      })
    }
    const isThere = [...this.#options.workbooks.values()].some(
      (workbook) => workbook.driveId === driveId && !workbook.isOpenByLink && workbook.isReadableBy(account),
    )
    if (isThere) return this.#drive(driveId)
    throw new GoogleError(404, `Shared drive not found: ${driveId}`, {
      location: { locationType: 'parameter', location: 'driveId' },
    })
  }

  #drive(driveId: string): ChangeLog {
    const log = this.#drives.get(driveId) ?? new ChangeLog()
    this.#drives.set(driveId, log)
    return log
  }
}
