import type { Test } from 'tap'
import type { GridTab } from '../../../emulator/workbook.ts'
import type { SyncRequestInput } from '../../../src/model/sync-request.ts'
import type { SyncView } from '../../../src/model/sync-view.ts'
import { anEmulator, finished, pollUntil, startSync } from '../../support/service.ts'
import { aConfinedService, type ConfinedService } from './confined-service.ts'

/** A grid whose cells are computed as they are read, so that it costs no memory. */
export type Grid = Pick<GridTab, 'rowCount' | 'columnCount' | 'cell'>

/** Answers of one digit below as many names as there are columns, of so many characters each. */
export function aSurvey(answers: number, questions: number, characters: number): Grid {
  return {
    rowCount: answers + 1,
    columnCount: questions,
    cell: (row, column) => (row === 0 ? nameOf(column, characters) : ((row * 7 + column) % 5) + 1),
  }
}

export function nameOf(column: number, characters: number): string {
  return `Question ${column} `.padEnd(characters, 'x')
}

export interface Outcome {
  readonly sync: SyncView
  /** Megabytes that the service held before, and the most that it held by the end. */
  readonly beforeMb: number
  readonly peakMb: number
  readonly service: ConfinedService
}

/** Downloads a tab by a new service in 512 MB, waits for the end of the sync and reports the figures. */
export async function downloadOf(t: Test, grid: Grid, request: Partial<SyncRequestInput> = {}): Promise<Outcome> {
  const emulator = await anEmulator(t, {
    workbooks: [{ id: 'book', title: 'Book', tabs: [{ ...grid, gid: 0, title: 'Tab' }] }],
  })
  const service = await aConfinedService(t, {
    environment: { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_READS_PER_MINUTE: '100000' },
  })
  const beforeMb = await service.memoryMb()
  const { id } = await startSync(service.url, { spreadsheet: 'book', formats: ['json', 'ndjson'], ...request })
  const sync = await pollUntil(service.url, id, finished)
  const peakMb = await service.peakMb()
  const bytes = sync.tabs.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0)
  const { state, error, progress } = sync
  t.comment(
    `${t.name}: ${state} ${error?.code ?? ''}, ${(bytes / 1e6).toFixed(0)} MB written, ${progress.apiCalls} calls, ` +
      `peak ${peakMb.toFixed(0)} MB (${beforeMb.toFixed(0)} MB before)`,
  )
  return { sync, beforeMb, peakMb, service }
}
