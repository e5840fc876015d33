import {
  type ChangeFeed,
  type ChangeLogName,
  type ChannelRequest,
  DriveGone,
  type FileState,
  TokenGone,
} from '../../src/ports/change-feed.ts'
import type { Clock } from '../../src/ports/clock.ts'

const DAY_MS = 86_400_000

/** Drive as one account sees it, in memory: a test edits it and counts what it is asked. */
export class FakeDrive implements ChangeFeed {
  readonly #files = new Map<string, FileState>()
  readonly #logs = new Map<string, string[]>([['account', []]])
  readonly #clock: Clock
  #oldestToken = 0
  /** Each call, such as `list account`, `list drive-1`, `file book`, `watch`. */
  readonly calls: string[] = []
  /** What every call rejects with, while it is set. */
  fault: Error | undefined
  /** What opening a channel rejects with, while it is set. */
  channelFault: Error | undefined
  readonly channels = new Map<string, ChannelRequest>()
  asked = 0
  askedAtATime = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(id: string, where: 'account' | 'link' | { readonly drive: string } = 'account'): void {
    const driveId = typeof where === 'object' ? where.drive : null
    this.#files.set(id, { version: '1', driveId, isInAccountLog: where === 'account' })
    if (driveId !== null && !this.#logs.has(driveId)) this.#logs.set(driveId, [])
  }

  edit(id: string): void {
    const file = this.#files.get(id)
    if (file === undefined) throw new RangeError(`no file ${id}`)
    this.#files.set(id, { ...file, version: String(Number(file.version) + 1) })
    this.view(id)
  }

  view(id: string): void {
    const file = this.#files.get(id)
    this.#logs.get(file?.driveId ?? (file?.isInAccountLog ? 'account' : ''))?.push(id)
  }

  hide(id: string): void {
    this.view(id)
    this.#files.delete(id)
  }

  /** Has every token refused that was given until now. */
  expireTokens(): void {
    for (const log of this.#logs.values()) log.push('nothing')
    this.#oldestToken = Math.max(...[...this.#logs.values()].map(({ length }) => length))
    for (const log of this.#logs.values()) while (log.length < this.#oldestToken) log.push('nothing')
  }

  removeDrive(drive: string): void {
    this.#logs.delete(drive)
  }

  count(call: string): number {
    return this.calls.filter((each) => each === call).length
  }

  async startToken(log: ChangeLogName): Promise<string> {
    this.#call(`start ${nameOf(log)}`)
    return String(this.#log(log).length)
  }

  async changesSince(log: ChangeLogName, token: string) {
    this.#call(`list ${nameOf(log)}`)
    const entries = this.#log(log)
    if (Number(token) < this.#oldestToken) throw new TokenGone('Drive does not take the page token any more.')
    const ids = new Set(entries.slice(Number(token)).filter((id) => id !== 'nothing'))
    const changes = [...ids].map((fileId) => ({ fileId, version: this.#files.get(fileId)?.version ?? null }))
    return { changes, nextToken: String(entries.length), isEnd: true }
  }

  async file(fileId: string): Promise<FileState> {
    this.#call(`file ${fileId}`)
    this.asked += 1
    this.askedAtATime = Math.max(this.askedAtATime, this.asked)
    await new Promise((resolve) => setImmediate(resolve))
    this.asked -= 1
    return this.#files.get(fileId) ?? { version: null, driveId: null, isInAccountLog: false }
  }

  async watch(channel: ChannelRequest) {
    this.#call('watch')
    if (this.channelFault !== undefined) throw this.channelFault
    this.channels.set(channel.id, channel)
    const latest = this.#clock.now().getTime() + 7 * DAY_MS
    return { resourceId: 'r', expiresAt: new Date(Math.min(latest, channel.expiresAt.getTime())) }
  }

  async stop(id: string): Promise<void> {
    this.#call('stop')
    this.channels.delete(id)
  }

  #call(name: string): void {
    this.calls.push(name)
    if (this.fault !== undefined) throw this.fault
  }

  #log(log: ChangeLogName): string[] {
    const entries = this.#logs.get(nameOf(log))
    if (entries === undefined) throw new DriveGone('no such shared drive')
    return entries
  }
}

function nameOf(log: ChangeLogName): string {
  return log === 'account' ? log : log.drive
}
