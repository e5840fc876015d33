import type { Client as Fetch } from 'openapi-fetch'
import type { DeleteOptions } from './client.ts'
import { result } from './error.ts'
import { type CallOptions, signalOf } from './limited-signal.ts'
import type { paths } from './schema.d.ts'
import type { Schedule, ScheduleBody, SchedulePage, SchedulePatch, Sync } from './types.ts'

/** What can be done with schedules. */
export function scheduleCalls(api: Fetch<paths>) {
  const at = (id: string, { ifMatch, signal }: DeleteOptions) => ({
    params: { path: { id } },
    ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
    ...signalOf({ signal }),
  })
  return {
    /** Saves a request and when to run it: by `cron`, `every` so often, or `onChange`. */
    createSchedule(body: ScheduleBody, options: CallOptions = {}): Promise<Schedule> {
      return result(api.POST('/schedules', { body, ...signalOf(options) }), options)
    },

    /** One page of schedules, newest first. */
    listSchedules(
      query: { spreadsheet?: string; pageSize?: string; pageToken?: string } = {},
      options: CallOptions = {},
    ): Promise<SchedulePage> {
      return result(api.GET('/schedules', { params: { query }, ...signalOf(options) }), options)
    },

    /** The schedule, when it runs next, and how its latest sync stands. */
    getSchedule(id: string, options: CallOptions = {}): Promise<Schedule> {
      return result(api.GET('/schedules/{id}', at(id, options)), options)
    },

    /** Changes the fields that are given; `null` has one go back to its default. */
    changeSchedule(id: string, body: SchedulePatch, options: DeleteOptions = {}): Promise<Schedule> {
      return result(api.PATCH('/schedules/{id}', { ...at(id, options), body }), options)
    },

    /** Removes a schedule; its syncs stay. */
    async deleteSchedule(id: string, options: DeleteOptions = {}): Promise<void> {
      await result(api.DELETE('/schedules/{id}', at(id, options)), options)
    },

    /** Starts the sync of a schedule now. */
    runSchedule(id: string, options: CallOptions = {}): Promise<Sync> {
      return result(api.POST('/schedules/{id}/run', at(id, options)), options)
    },

    /** Has a schedule run no more until it is resumed. */
    pauseSchedule(id: string, options: CallOptions = {}): Promise<Schedule> {
      return result(api.POST('/schedules/{id}/pause', at(id, options)), options)
    },

    resumeSchedule(id: string, options: CallOptions = {}): Promise<Schedule> {
      return result(api.POST('/schedules/{id}/resume', at(id, options)), options)
    },
  }
}
