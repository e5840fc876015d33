import { AppError } from '../errors.ts'

/** Throws PRECONDITION_FAILED where revisions are expected, by `If-Match`, and this is none of them. `what`: whose it is. */
export function requireRevision(what: string, revision: number, expected: readonly number[] | undefined): void {
  if (expected === undefined || expected.includes(revision)) return
  const detail = `The revision of the ${what} is ${revision}, not what If-Match names.`
  throw new AppError('PRECONDITION_FAILED', detail)
}
