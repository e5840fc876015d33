const DAY_MS = 86_400_000

/** Serial day 0: "the number of days since December 30th 1899" (Google, DateTimeRenderOption). */
const EPOCH_MS = Date.UTC(1899, 11, 30)

/** The times that a JavaScript Date can hold lie within so many milliseconds of 1970 (ECMA-262, Time Values). */
const FURTHEST_MS = 8.64e15

/**
 * A serial number as ISO text in the spreadsheet's own zone: `13:45:00` from 0 up to 1, `2024-01-31` for a whole
 * number, else `2024-01-31T13:45:00`; milliseconds only where there are some. A number that is no date JavaScript can
 * tell comes back as it is.
 */
export function isoFromSerial(serial: number): string | number {
  const isTime = serial >= 0 && serial < 1
  // A double holds a time of our days to half a microsecond, so rounding to milliseconds only takes noise away.
  const rounded = Math.round(serial * DAY_MS)
  const since = EPOCH_MS + (isTime ? Math.min(rounded, DAY_MS - 1) : rounded)
  if (Math.abs(since) > FURTHEST_MS) return serial
  const iso = new Date(since).toISOString()
  const at = iso.indexOf('T')
  if (!isTime && Number.isInteger(serial)) return iso.slice(0, at)
  const end = iso.endsWith('.000Z') ? -5 : -1
  return iso.slice(isTime ? at + 1 : 0, end)
}
