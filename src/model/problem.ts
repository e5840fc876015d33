import { z } from 'zod'
import { ERROR_TABLE, type ErrorCode } from '../errors.ts'

const fieldError = z.object({ field: z.string(), message: z.string(), hint: z.string().optional() })

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
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'application/problem+json, RFC 9457' })
