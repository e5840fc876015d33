import { z } from 'zod'
import { problem } from '../model/problem.ts'
import { MEDIA_TYPES, PROBLEM_MEDIA_TYPE } from './media-types.ts'

/** The responses of one route besides the good ones: every error is a problem+json. */
export function problemResponses<const S extends number>(...statuses: S[]) {
  const response = {
    description: 'Says what is wrong: code, detail, and a hint where it can be mended',
    content: { [PROBLEM_MEDIA_TYPE]: { schema: problem } },
  }
  return Object.fromEntries(statuses.map((status) => [status, response])) as Record<S, typeof response>
}

/** A good response of one route; `headers` are names and what each says. */
export function jsonResponse<S extends z.ZodType>(
  description: string,
  schema: S,
  headers: Readonly<Record<string, string>> = {},
) {
  const described = Object.entries(headers).map(([name, says]) => [name, { type: 'string', description: says }])
  return { description, headers: Object.fromEntries(described), content: { 'application/json': { schema } } }
}

/** The bytes of a file in whatever format it has. They are streamed and never checked. */
export function rowsResponse(description: string) {
  const text = z.string()
  return {
    description,
    content: {
      [MEDIA_TYPES.json]: { schema: z.array(z.unknown()) },
      [MEDIA_TYPES.ndjson]: { schema: text },
      [MEDIA_TYPES.csv]: { schema: text },
    },
  }
}
