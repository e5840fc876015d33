import { newUuid } from '../model/sync-id.ts'

const SCHEDULE_ID_PATTERN = /^schedule-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Makes `schedule-` and a UUIDv7, which sorts by the time it was made. */
export function newScheduleId(): string {
  return `schedule-${newUuid()}`
}

export function isScheduleId(text: string): boolean {
  return SCHEDULE_ID_PATTERN.test(text)
}
