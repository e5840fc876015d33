import { z } from 'zod'
import { AppError, ERROR_TABLE, type ErrorCode } from '../errors.ts'

const fieldError = z.object({ field: z.string(), message: z.string(), hint: z.string().optional() })

const endedSync = z
  .object({
    id: z.string(),
    state: z.enum(['succeeded', 'failed', 'cancelled']).nullable(),
    finishedAt: z.iso.datetime().nullable(),
    code: z.string().nullable().describe('Why it failed'),
  })
  .describe('What is known of a sync that was forgotten; what is not is null')

/** The body of every error answer, and the `error` of a failed sync. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(ERROR_TABLE) as [ErrorCode, ...ErrorCode[]]),
    retryable: z.boolean(),
    hint: z.string().optional(),
    errors: z.array(fieldError).optional(),
    ended: endedSync.optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'application/problem+json, RFC 9457' })
export type Problem = Readonly<z.output<typeof problem>>

/** Describes any failure as a problem; what is not an AppError is described as INTERNAL without its message, which may hold secrets. */
export function toProblem(error: unknown, requestId?: string): Problem {
  const known = error instanceof AppError ? error : new AppError('INTERNAL', 'The request could not be completed.')
  const { code, status, retryable, hint, errors, ended } = known
  return {
    type: `urn:sheetsync:error:${code.toLowerCase().replaceAll('_', '-')}`,
    title: ERROR_TABLE[code].title,
    status,
    detail: known.message,
    code,
    retryable,
    ...(hint !== undefined && { hint }),
    ...(errors !== undefined && { errors: errors.map((error) => ({ ...error })) }),
    ...(ended !== undefined && { ended }),
    ...(requestId !== undefined && { requestId }),
  }
}
