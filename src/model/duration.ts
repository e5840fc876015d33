const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Dates end in the year 275760 (ECMA-262, "Time Values"): a hundred years from any start are well within. */
const LONGEST_MS = 36_500 * 86_400_000

/** How a duration is written; {@link durationMs} reads it. */
export const DURATION_PATTERN = /^\d{1,9}(?:ms|s|m|h|d)$/

/** Milliseconds of a duration such as `500ms`, `30s`, `5m`, `2h` or `30d`; `undefined` for anything else, and beyond a hundred years. */
export function durationMs(text: string): number | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined
  const ms = Number.parseInt(text, 10) * (UNITS[text.replace(/^\d+/, '')] ?? 1)
  return ms <= LONGEST_MS ? ms : undefined
}

/** The duration in the largest unit that writes it whole. */
export function writtenDuration(ms: number): string {
  const units = Object.entries(UNITS).reverse()
  const [unit, length] = units.find(([, each]) => ms % each === 0 && ms >= each) ?? ['ms', 1]
  return `${ms / length}${unit}`
}
