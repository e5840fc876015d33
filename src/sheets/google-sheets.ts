import type { Block } from '../blocks/block.ts'
import type { WorkerPool } from '../concurrency/worker-pool.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type {
  AreaToRead,
  Description,
  ReadContext,
  ReadOptions,
  Selection,
  SheetSource,
  Spreadsheet,
} from '../ports/sheet-source.ts'
import { findAreas } from './find-areas.ts'
import type { SheetsApi } from './google-api.ts'
import { AreaReader } from './read-areas.ts'
import type { ReadQuota } from './read-quota.ts'
import { DEFAULT_READ_TUNING, type ReadTuning } from './read-tuning.ts'
import { SpreadsheetCalls } from './spreadsheet-calls.ts'

export interface GoogleSheetsOptions {
  readonly api: SheetsApi
  /** The reads a minute of the credential, shared with everybody else who uses it. */
  readonly quota: ReadQuota
  /** Threads to decode on. */
  readonly workers: WorkerPool
  readonly metrics?: Metrics
  readonly clock: Clock
  readonly log: Log
  readonly tuning?: Partial<ReadTuning>
}

/** Rows from Google Sheets. */
export class GoogleSheets implements SheetSource {
  readonly #options: GoogleSheetsOptions
  readonly #tuning: ReadTuning
  #readers = 0

  constructor(options: GoogleSheetsOptions) {
    this.#options = options
    this.#tuning = { ...DEFAULT_READ_TUNING, ...options.tuning }
  }

  open(spreadsheetId: string, context: ReadContext): Spreadsheet {
    const { api, quota, workers, metrics, clock, log } = this.#options
    const tuning = this.#tuning
    const { buffers } = workers
    const calls = new SpreadsheetCalls({ api, quota, metrics, clock, log, tuning, buffers, spreadsheetId, context })
    return {
      version: () => calls.version(),
      describe: async (selection: Selection): Promise<Description> => findAreas(await calls.describe(), selection),
      read: (areas: readonly AreaToRead[], options: ReadOptions): AsyncIterable<readonly Block[]> =>
        this.#read(new AreaReader(areas, options, { calls, workers, tuning, context })),
    }
  }

  /** Reads, and has the buffers dropped when nobody reads any more: a service at rest is small. */
  async *#read(reader: AreaReader): AsyncGenerator<readonly Block[]> {
    this.#readers += 1
    try {
      yield* reader.read()
    } finally {
      this.#readers -= 1
      if (this.#readers === 0) this.#options.workers.buffers.clear()
    }
  }
}
