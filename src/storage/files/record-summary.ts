import { z } from 'zod'
import { ACTIVE_STATES, SYNC_STATES } from '../../model/sync.ts'
import { corruptRecord, isNewerFormat } from '../../model/sync-record.ts'
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

const ACTIVE: ReadonlySet<string> = new Set(ACTIVE_STATES)

/**
 * Reads the summary only, in half the time: the record is checked as a whole when somebody asks for it. Rejects with
 * `STATUS_CORRUPT` when it is damaged.
 */
export async function summarize(id: string, bytes: Buffer): Promise<RecordSummary | 'newer format'> {
  try {
    const record: unknown = JSON.parse(await readText(bytes))
    if (isNewerFormat(record)) return 'newer format'
    const summary = recordSummary.parse(record)
    if (summary.id === id && ACTIVE.has(summary.state) === (summary.expiresAt === null)) return summary
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
  }
  throw corruptRecord(id)
}
