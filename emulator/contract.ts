import type { CallKind, CallListener, EmulatorCall } from './calls.ts'
import type { Writable } from './cells.ts'
import type { Fault } from './faults.ts'
import type { Access } from './live-workbook.ts'
import type { Workbook } from './workbook.ts'

/** How long Google seems to take: a base for each call, and a little for each cell that the answer covers. */
export interface Latency {
  baseMs?: number
  perCellUs?: number
}

/** Reads of Sheets in any 60 seconds; more are answered 429, until one of those turns a minute old. */
export interface Quota {
  readsPerMinute: number
}

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
  setAccess(spreadsheetId: string, access: Access): void
  setLatency(latency: Latency): void
  setQuota(quota: Quota | undefined): void
  /** Sets a fault. Several may wait at once; for one call the first that matches counts. */
  fail(fault: Fault): void
  clearFaults(): void
  /**
   * A service account's credentials file for this emulator, with `token_uri`. Google's Node library does not read that
   * member, so a client that shall sign in here with it must send its token requests to `tokenUrl` by itself.
   */
  serviceAccountKey(): Record<string, string>
  /** A credentials file that signs in here with Google's Node library as it is, by GOOGLE_APPLICATION_CREDENTIALS. */
  userCredentials(): Record<string, string>
  /** Drops open connections and ends what hangs. Resolves when no socket, timer or listener is left. */
  close(): Promise<void>
}
