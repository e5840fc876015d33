import type { CallKind, EmulatorCall } from './calls.ts'
import type { Writable } from './cells.ts'

/** What goes wrong. */
export type FaultAction =
  /** Answers an error: Google's own body for the status and reason, unless a body is given. */
  | { status: number; body?: string; headers?: Record<string, string>; reason?: string }
  /** Resets the connection (RST) with no answer. */
  | { kind: 'reset' }
  /** Never answers; ends when the client gives up or the emulator closes. */
  | { kind: 'hang' }
  /** Sends the beginning of the true answer, by default 100 bytes, and closes the connection. Never the whole body. */
  | { kind: 'cut'; afterBytes?: number }
  /** Answers an HTML error page, by default with 502. */
  | { kind: 'html'; status?: number }
  /** Edits a cell while this call is answered: the answer still shows the state before, every later one the state after. */
  | { kind: 'edit'; gid: number; row: number; column: number; value: Writable }
  /** Answers at most so many rows of each range, with `range` cut accordingly: less than was asked. */
  | { kind: 'short'; rows: number }
  /** Answers late; of a notification: sends it late. */
  | { kind: 'slow'; ms: number }
  /** Of a notification: never sends it. */
  | { kind: 'lost' }

export interface Fault {
  /** Which calls; by default the next one that is neither for a token nor a notification. */
  on?: {
    kind?: CallKind
    /** The first matching call that goes wrong, counted from 1 since the fault was set. Default 1. */
    nth?: number
    /** How many go wrong from there on. Default 1. */
    times?: number | 'always'
    spreadsheetId?: string
    /** The title of a tab that one of the call's ranges names. */
    tab?: string
  }
  do: FaultAction
}

/** Kinds that a fault strikes only if it names them. */
const NAMED_ONLY: readonly CallKind[] = ['token', 'notification']

/** The faults that wait for their calls. */
export class Faults {
  #waiting: { fault: Fault; seen: number }[] = []

  add(fault: Fault): void {
    this.#waiting.push({ fault, seen: 0 })
  }

  clear(): void {
    this.#waiting = []
  }

  /** Counts a call on every fault that it matches, and answers the first of those whose turn it is. */
  match(call: Pick<EmulatorCall, 'kind' | 'spreadsheetId' | 'query'>): FaultAction | undefined {
    let action: FaultAction | undefined
    for (const entry of this.#waiting) {
      const { kind, nth = 1, times = 1, spreadsheetId, tab } = entry.fault.on ?? {}
      const isNamed = kind === undefined ? !NAMED_ONLY.includes(call.kind) : call.kind === kind
      if (!isNamed) continue
      if (spreadsheetId !== undefined && spreadsheetId !== call.spreadsheetId) continue
      if (tab !== undefined && !call.query.getAll('ranges').some((range) => titleOf(range) === tab)) continue
      entry.seen += 1
      if (entry.seen >= nth && (times === 'always' || entry.seen < nth + times)) action ??= entry.fault.do
    }
    this.#waiting = this.#waiting.filter(({ fault: { on }, seen }) => {
      const { nth = 1, times = 1 } = on ?? {}
      return times === 'always' || seen < nth + times - 1
    })
    return action
  }
}

/** The title in a range such as `'It''s'!A1:B2`. */
function titleOf(range: string): string {
  const title = range.slice(0, Math.max(0, range.lastIndexOf('!')))
  return title.startsWith("'") ? title.slice(1, -1).replaceAll("''", "'") : title
}
