import type { Client as Fetch } from 'openapi-fetch'
import type { CallOptions, DeleteOptions } from './client.ts'
import type { paths } from './schema.d.ts'
import type { Schedule, ScheduleBody, SchedulePage, SchedulePatch, Sync } from './types.ts'

/** The data of an answer; throws what an answer without any tells. */
type Result = <T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
  signal: AbortSignal | undefined,
) => Promise<Exclude<T, undefined>>

/** What can be done with schedules. */
export function scheduleCalls(api: Fetch<paths>, result: Result) {
  const at = (id: string, { ifMatch, signal }: DeleteOptions) => ({
    params: { path: { id } },
    ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
    ...(signal === undefined ? {} : { signal }),
  })
  return {
    /** Saves a request and when to run it: by `cron`, `every` so often, or `onChange`. */
    createSchedule(body: ScheduleBody, { signal }: CallOptions = {}): Promise<Schedule> {
      return result(api.POST('/schedules', { body, ...(signal === undefined ? {} : { signal }) }), signal)
    },

    /** One page of schedules, newest first. */
    listSchedules(
      query: { spreadsheet?: string; pageSize?: string; pageToken?: string } = {},
      { signal }: CallOptions = {},
    ): Promise<SchedulePage> {
      return result(api.GET('/schedules', { params: { query }, ...(signal === undefined ? {} : { signal }) }), signal)
    },

    /** The schedule, when it runs next, and how its latest sync stands. */
    getSchedule(id: string, { signal }: CallOptions = {}): Promise<Schedule> {
      return result(api.GET('/schedules/{id}', at(id, { signal })), signal)
    },

    /** Changes the fields that are given; `null` has one go back to its default. */
    changeSchedule(id: string, body: SchedulePatch, options: DeleteOptions = {}): Promise<Schedule> {
      return result(api.PATCH('/schedules/{id}', { ...at(id, options), body }), options.signal)
    },

    /** Removes a schedule; its syncs stay. */
    async deleteSchedule(id: string, options: DeleteOptions = {}): Promise<void> {
      await result(api.DELETE('/schedules/{id}', at(id, options)), options.signal)
    },

    /** Starts the sync of a schedule now. */
    runSchedule(id: string, { signal }: CallOptions = {}): Promise<Sync> {
      return result(api.POST('/schedules/{id}/run', at(id, { signal })), signal)
    },

    /** Has a schedule run no more until it is resumed. */
    pauseSchedule(id: string, { signal }: CallOptions = {}): Promise<Schedule> {
      return result(api.POST('/schedules/{id}/pause', at(id, { signal })), signal)
    },

    resumeSchedule(id: string, { signal }: CallOptions = {}): Promise<Schedule> {
      return result(api.POST('/schedules/{id}/resume', at(id, { signal })), signal)
    },
  }
}
