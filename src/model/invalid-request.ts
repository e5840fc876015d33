import { AppError, type FieldError } from '../errors.ts'

/** Faults that the detail names; the others are in `errors[]` alone. */
const NAMED = 3

/** Refuses a request for these faults, each field once. The detail names the first of them in plain words. */
export function invalidRequest(faults: readonly FieldError[], { cause }: { readonly cause?: unknown } = {}): AppError {
  const errors = [...Map.groupBy(faults, ({ field }) => field).values()].flatMap(onceByField)
  const named = errors.slice(0, NAMED).map(({ field, message }) => `${field} ${message}`)
  const more = errors.length - named.length
  const detail = `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`
  const hints = new Set(errors.map(({ hint }) => hint))
  const [only] = hints
  return new AppError('VALIDATION_FAILED', detail, { cause, errors, hint: hints.size === 1 ? only : undefined })
}

/** What was found first says most; what follows from it may still say how to mend it. */
function onceByField([first, ...others]: readonly FieldError[]): FieldError[] {
  if (first === undefined) return []
  const hint = first.hint ?? others.find((other) => other.hint !== undefined)?.hint
  return [hint === undefined ? first : { ...first, hint }]
}
