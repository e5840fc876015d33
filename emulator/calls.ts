export const CALL_KINDS = [
  'spreadsheets.get',
  'values.get',
  'values.batchGet',
  'files.get',
  'about.get',
  'changes.getStartPageToken',
  'changes.list',
  'changes.watch',
  'channels.stop',
  'token',
  /** Not a call but a message that the emulator sends: never logged as a call, only named by faults. */
  'notification',
  'other',
] as const
export type CallKind = (typeof CALL_KINDS)[number]

/** One API call. */
export interface EmulatorCall {
  /** Its number, from 1, in order of arrival. */
  readonly n: number
  /** When it arrived, in milliseconds of the emulator's clock. */
  readonly at: number
  readonly kind: CallKind
  /** Empty where the path names none. */
  readonly spreadsheetId: string
  /** The path as sent, still encoded. */
  readonly path: string
  /** Decoded; `ranges` may repeat. */
  readonly query: URLSearchParams
  /** Whether a bearer token came with it. */
  readonly authorization: boolean
  /** The e-mail of the account that made it, as its token tells; of a token call: whom a token was given for. Else `null`. */
  account: string | null
  /** The project whose quota it uses; `null` where no token tells. */
  readonly project: string | null
  /** 0 until the answer's head is sent, and for ever where a fault hangs or resets. */
  status: number
  /** Cells that the answer covers, blank ones included. */
  cells: number
}

/** Told of a call as it arrives. The answer waits for a promise that it returns, so a test can hold a call. */
export type CallListener = (call: EmulatorCall) => void | Promise<void>

/** Calls remembered in full; older ones are only counted. */
const KEPT = 10_000

/** The log of calls: the last ones in full, all of them in number. */
export class CallLog {
  readonly calls: EmulatorCall[] = []
  readonly #counts = new Map<CallKind, number>()
  readonly #listeners = new Set<CallListener>()
  #total = 0

  /** Records a call. Resolves when every listener is done with it. */
  async arrive(call: Omit<EmulatorCall, 'n' | 'status' | 'cells'>): Promise<EmulatorCall> {
    this.#total += 1
    const entry: EmulatorCall = { n: this.#total, ...call, status: 0, cells: 0 }
    this.calls.push(entry)
    if (this.calls.length > KEPT) this.calls.shift()
    this.#counts.set(entry.kind, (this.#counts.get(entry.kind) ?? 0) + 1)
    if (this.#listeners.size > 0) await Promise.all([...this.#listeners].map((listener) => listener(entry)))
    return entry
  }

  count(kind?: CallKind): number {
    return kind === undefined ? this.#total : (this.#counts.get(kind) ?? 0)
  }

  listen(listener: CallListener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  reset(): void {
    this.calls.length = 0
    this.#counts.clear()
    this.#total = 0
  }
}
