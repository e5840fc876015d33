import { z } from 'zod'
import { type Schedule, scheduleFields } from './schedule.ts'

/** A schedule on the wire: all but whose it is and how it is worked off. */
export const scheduleView = scheduleFields
  .omit({ createdBy: true, anchor: true, offsetMs: true, run: true, checkAt: true, changed: true, notice: true })
  // In the document the schema of the body stands for what a client may send, where defaults are left out.
  .extend({
    request: z
      .looseObject({ spreadsheet: z.string() })
      .describe('The body of POST /syncs that each run sends, every default filled in'),
  })
  .meta({ id: 'Schedule' })
export type ScheduleView = z.output<typeof scheduleView>

/** The wire form of a schedule. */
export function toScheduleView(schedule: Schedule): ScheduleView {
  const { createdBy: _by, anchor: _anchor, offsetMs: _offset, run: _run, ...rest } = schedule
  const { checkAt: _check, changed: _changed, notice: _notice, ...view } = rest
  return view
}
