import { createSchedule } from '../../schedules/schedule.ts'
import type { ScheduleBody } from '../../schedules/schedule-body.ts'
import { type ScheduleView, toScheduleView } from '../../schedules/schedule-view.ts'
import type { ExampleAnswers } from './example-answers.ts'
import { ID, SCHEDULE_ID } from './example-ids.ts'
import { body, ended, queued } from './sync-answers.ts'

const scheduleBody: ScheduleBody = {
  name: 'Prices, every morning',
  request: body,
  cron: '0 6 * * 1-5',
  timeZone: 'Europe/Berlin',
  onChange: false,
}
const schedule: ScheduleView = {
  ...toScheduleView(
    createSchedule({ id: SCHEDULE_ID, body: scheduleBody, createdBy: null }, new Date('2026-01-30T09:00:00.000Z')),
  ),
  nextRunAt: '2026-02-02T05:00:07.000Z',
}
const hasRun: ScheduleView = {
  ...schedule,
  revision: 4,
  lastSync: {
    id: ID,
    tick: '2026-01-30T05:00:07.000Z',
    state: 'succeeded',
    joined: false,
    finishedAt: ended.finishedAt,
  },
  lastSuccess: { id: ID, finishedAt: ended.finishedAt },
}
const paused: ScheduleView = {
  ...hasRun,
  state: 'paused',
  revision: 5,
  nextRunAt: null,
  pause: { reason: 'user', code: null, message: 'Somebody paused it.', at: ended.finishedAt },
}

export const ANSWERS: ExampleAnswers = {
  'createSchedule 201': { schedule },
  'listSchedules 200': { lastPage: { schedules: [hasRun], nextPageToken: null } },
  'getSchedule 200': { hasRun, paused },
  'patchSchedule 200': { schedule },
  'runSchedule 202': { queued: { ...queued, scheduleId: SCHEDULE_ID, tick: queued.createdAt } },
  'pauseSchedule 200': { paused },
  'resumeSchedule 200': { hasRun },
}
