import type { Grant, IssuedToken } from './access-tokens.ts'
import type { CallKind, CallListener, EmulatorCall } from './calls.ts'
import type { Writable } from './cells.ts'
import type { EmulatorNotification } from './channels.ts'
import type { Fault } from './faults.ts'
import type { Access } from './live-workbook.ts'
import type { Quota } from './read-quotas.ts'
import type { Delegation } from './service-accounts.ts'
import type { Workbook } from './workbook.ts'

/** How long Google seems to take: a base for each call, and a little for each cell that the answer covers. */
export interface Latency {
  baseMs?: number
  perCellUs?: number
}

/** A token of a user's own, as an application would be given it. */
export type UserToken = Omit<Grant, 'project'> & Partial<Pick<Grant, 'project'>>

export interface EmulatorOptions {
  workbooks?: Workbook[]
  /** A folder of workbooks as files, added to `workbooks`. */
  folder?: string
  /** Default: any free one. */
  port?: number
  /** Default 127.0.0.1. */
  host?: string
  latency?: Latency
  quota?: Quota
  /** Asks for a bearer token issued here, or any API key. Default false. */
  requireAuth?: boolean
  /** Compresses answers for clients that accept gzip, as Google does. Default false, which is cheaper. */
  gzip?: boolean
  /** The origin that notifications are sent to, in place of that of a channel's address, which must be https. */
  pushOrigin?: string
  /** The clock of quotas, tokens and modified times. Default `Date.now`. */
  now?: () => number
}

/** A running stand-in for Google's Sheets, Drive and token endpoints. */
export interface Emulator {
  /** `http://127.0.0.1:PORT/`: Sheets under `v4/`, Drive under `drive/v3/`. */
  readonly rootUrl: string
  /** The OAuth token endpoint. */
  readonly tokenUrl: string
  readonly workbooks: readonly { id: string; title: string }[]
  /** The last 10,000 calls in order of arrival. */
  readonly calls: readonly EmulatorCall[]
  /** Calls ever, of one kind or (token calls included) of all. */
  count(kind?: CallKind): number
  /** Tells of each call as it arrives; the answer waits for the promise the listener returns. Answers the way to stop. */
  onCall(listener: CallListener): () => void
  resetCalls(): void
  /** Adds a workbook, in place of one with the same id. */
  addWorkbook(workbook: Workbook): void
  removeWorkbook(id: string): void
  /** Edits a cell at 0-based coordinates: Drive's `version` and `modifiedTime` move. */
  setCell(spreadsheetId: string, gid: number, row: number, column: number, value: Writable): void
  /** Moves Drive's `version` with no visible change. */
  touch(spreadsheetId: string): void
  /** Lists the workbook in the change log as one that was viewed: its version stays. */
  view(spreadsheetId: string): void
  /** Has Drive refuse every page token that it gave until now. */
  expireTokens(): void
  /** The last 1,000 notifications, in order. */
  readonly notifications: readonly EmulatorNotification[]
  /** Ids of the channels that are open. */
  readonly channels: readonly string[]
  setAccess(spreadsheetId: string, access: Access): void
  setLatency(latency: Latency): void
  setQuota(quota: Quota | undefined): void
  /** Sets a fault. Several may wait at once; for one call the first that matches counts. */
  fail(fault: Fault): void
  clearFaults(): void
  /**
   * The credentials file of a service account, with `token_uri`: the demo account, or `NAME@PROJECT.iam.gserviceaccount.com`,
   * which is made at the first call. Google's Node library does not read that member, so a client that shall sign in here
   * with it must send its token requests to `tokenUrl` by itself.
   */
  serviceAccountKey(name?: string, project?: string): Record<string, string>
  /**
   * A credentials file that signs in here with Google's Node library as it is, by GOOGLE_APPLICATION_CREDENTIALS: as that
   * user, by default one of the emulator's own.
   */
  userCredentials(email?: string): Record<string, string>
  /** Lets a service account (its name, e-mail or client id) act as the users of domains, in place of what was allowed before. */
  delegate(account: string, delegation: Delegation): void
  /** Shares a workbook with these e-mails alone, or, without any list, with everybody. */
  share(spreadsheetId: string, sharedWith?: readonly string[]): void
  /** Issues a token of a user. */
  userToken(token: UserToken): IssuedToken
  /** Ends a token, of whomever, as if its time had run out. */
  expireToken(accessToken: string): void
  /** Drops open connections and ends what hangs. Resolves when no socket, timer or listener is left. */
  close(): Promise<void>
}
