import { z } from 'zod'
import { SYNC_STATES, type SyncState, TERMINAL_STATES } from '../../model/sync.ts'
import { isNewerFormat } from '../../model/sync-record.ts'
import { readText } from './record-format.ts'

const recordSummary = z.object({
  id: z.string(),
  state: z.enum(SYNC_STATES),
  spreadsheet: z.object({ id: z.string() }),
  expiresAt: z.iso.datetime().nullable(),
  createdBy: z.string().nullable().default(null),
  webhook: z.object({ state: z.string() }).nullable().default(null),
})

/** As much of a record as the index needs; every `Sync` is one. */
export type RecordSummary = z.output<typeof recordSummary>

const TERMINAL: ReadonlySet<SyncState> = new Set(TERMINAL_STATES)

export function isTerminalState(state: SyncState): boolean {
  return TERMINAL.has(state)
}

/** Reads the summary only: the record is checked as a whole when somebody asks for it. `undefined` when it is damaged. */
export async function summarize(id: string, bytes: Buffer): Promise<RecordSummary | 'newer format' | undefined> {
  let record: unknown
  try {
    record = JSON.parse(await readText(bytes))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (isNewerFormat(record)) return 'newer format'
  const { data } = recordSummary.safeParse(record)
  if (data === undefined || data.id !== id) return undefined
  return isTerminalState(data.state) === (data.expiresAt !== null) ? data : undefined
}
