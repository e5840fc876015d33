import { AppError } from '../errors.ts'
import type { CallKind, Metrics } from '../ports/metrics.ts'
import {
  type Body,
  CallFault,
  type ReadCall,
  type Render,
  type SheetSource,
  type SourceCall,
  type SpreadsheetDescription,
} from '../ports/sheet-source.ts'

/** A source whose calls are counted by what came of them; a call that was never sent is none. */
export class MeasuredSource implements SheetSource {
  readonly #source: SheetSource
  readonly #metrics: Metrics

  constructor(source: SheetSource, metrics: Metrics) {
    this.#source = source
    this.#metrics = metrics
  }

  describe(spreadsheetId: string, call: SourceCall): Promise<SpreadsheetDescription> {
    return this.#counted('describe', call, (counted) => this.#source.describe(spreadsheetId, counted))
  }

  version(spreadsheetId: string, call: SourceCall): Promise<string | undefined> {
    return this.#counted('version', call, (counted) => this.#source.version(spreadsheetId, counted))
  }

  readValues(spreadsheetId: string, ranges: readonly string[], render: Render, call: ReadCall): Promise<Body> {
    return this.#counted('values', call, (counted) =>
      this.#source.readValues(spreadsheetId, ranges, render, { ...counted, spare: call.spare }),
    )
  }

  async #counted<T>(kind: CallKind, call: SourceCall, make: (call: SourceCall) => Promise<T>): Promise<T> {
    let sent = 0
    const { signal, timeoutMs } = call
    const onSend = () => {
      sent += 1
      call.onSend()
    }
    let result = 'ok'
    try {
      return await make({ signal, timeoutMs, onSend })
    } catch (error) {
      result = resultOf(error, signal)
      throw error
    } finally {
      for (; sent > 0; sent -= 1) this.#metrics.googleCall(kind, result)
    }
  }
}

function resultOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'aborted'
  if (error instanceof CallFault) return error.kind
  return error instanceof AppError ? error.code : 'INTERNAL'
}
