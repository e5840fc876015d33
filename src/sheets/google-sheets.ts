import type { ReadContext, SheetSource, Spreadsheet } from '../ports/sheet-source.ts'
import { findAreas } from './find-areas.ts'
import { AreaReader } from './read-areas.ts'
import { DEFAULT_READ_TUNING, type ReadTuning } from './read-tuning.ts'
import { SpreadsheetCalls, type SpreadsheetCallsOptions } from './spreadsheet-calls.ts'

export interface GoogleSheetsOptions extends Omit<SpreadsheetCallsOptions, 'tuning' | 'spreadsheetId' | 'context'> {
  readonly tuning?: Partial<ReadTuning>
}

/** Rows from Google Sheets. */
export class GoogleSheets implements SheetSource {
  readonly #options: GoogleSheetsOptions

  constructor(options: GoogleSheetsOptions) {
    this.#options = options
  }

  open(spreadsheetId: string, context: ReadContext): Spreadsheet {
    const tuning = { ...DEFAULT_READ_TUNING, ...this.#options.tuning }
    const { workers, clock } = this.#options
    const calls = new SpreadsheetCalls({ ...this.#options, tuning, spreadsheetId, context })
    return {
      version: () => calls.version(),
      describe: async (selection) => findAreas(await calls.describe(), selection),
      read: (areas, options) => new AreaReader(areas, options, { calls, workers, tuning, clock, context }).read(),
    }
  }
}
