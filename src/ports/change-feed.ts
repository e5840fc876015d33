/** How Google knows the service: as an account, by an API key, or (an emulator alone) not at all. */
export type CredentialKind = 'account' | 'api-key' | 'none'

/** A change log: that of the account, or of the shared drive with this id. */
export type ChangeLogName = 'account' | { readonly drive: string }

/** A file that is listed as changed, or was only viewed. */
export interface ListedChange {
  readonly fileId: string
  /** Drive's version of it now; `null` where the account can see it no longer. */
  readonly version: string | null
}

/** A page of changes. */
export interface ChangePage {
  readonly changes: readonly ListedChange[]
  /** From where to list next. */
  readonly nextToken: string
  /** Whether all changes until now have been listed. */
  readonly isEnd: boolean
}

/** What a change watcher knows of a file. */
export interface FileState {
  /** Drive's version; `null` where the account cannot see the file, or Drive says none. */
  readonly version: string | null
  /** The shared drive that holds it; `null`: none. */
  readonly driveId: string | null
  /** Whether the account's log is sure to list its changes: it is shared with the account itself, or is its own. */
  readonly isInAccountLog: boolean
}

/** Where notifications of a log go. */
export interface ChannelRequest {
  /** Unique for ever. */
  readonly id: string
  /** Secret, sent along with each notification. */
  readonly token: string
  /** An https URL. */
  readonly address: string
  /** When it is to end. Google may set an earlier end. */
  readonly expiresAt: Date
}

/** A channel that is open. */
export interface OpenChannel {
  /** What Google calls that which is watched; needed to stop the channel. */
  readonly resourceId: string
  readonly expiresAt: Date
}

/**
 * What one credential is told of changes. Every method repeats its call a few times, for some seconds in all. It rejects
 * with an AppError, and with the signal's reason.
 */
export interface ChangeFeed {
  /** The token of the log's end, from which changes to come are listed. Rejects with a {@link DriveGone}. */
  startToken(log: ChangeLogName, signal: AbortSignal): Promise<string>

  /**
   * Lists one page of changes. A file is listed at least once after it changed, with its version at the time of the call.
   * Rejects with a {@link TokenGone} or a {@link DriveGone}.
   */
  changesSince(log: ChangeLogName, token: string, signal: AbortSignal): Promise<ChangePage>

  /** What is known of one file; also of one that is in no log. */
  file(fileId: string, signal: AbortSignal): Promise<FileState>

  /** Opens a channel that notifies of changes to the account's log; `token` is one of its page tokens. */
  watch(channel: ChannelRequest, token: string, signal: AbortSignal): Promise<OpenChannel>

  /** Stops a channel; resolves also when it has ended. */
  stop(id: string, resourceId: string, signal: AbortSignal): Promise<void>
}

/** A page token is not taken: what changed since is not known. */
export class TokenGone extends Error {
  override readonly name = 'TokenGone'
}

/** A shared drive is not there for this account, which may see files in it all the same. */
export class DriveGone extends Error {
  override readonly name = 'DriveGone'
}
