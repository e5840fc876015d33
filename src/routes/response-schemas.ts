import { z } from 'zod'
import { problem } from '../model/problem.ts'
import { MEDIA_TYPES, PROBLEM_MEDIA_TYPE } from './media-types.ts'

export function problemResponse(description: string) {
  return { description, content: { [PROBLEM_MEDIA_TYPE]: { schema: problem } } }
}

/** The responses of one route besides the good ones: every error is a problem+json. */
export function problemResponses<const S extends number>(...statuses: S[]) {
  const response = problemResponse('Says what is wrong: code, detail, and a hint where it can be mended')
  return Object.fromEntries(statuses.map((status) => [status, response])) as Record<S, typeof response>
}

/** A good response of one route; `headers` are names and what each says. */
export function jsonResponse<S extends z.ZodType>(
  description: string,
  schema: S,
  headers?: Readonly<Record<string, string>>,
) {
  const described = Object.entries(headers ?? {}).map(([name, says]) => [name, { type: 'string', description: says }])
  return {
    description,
    ...(headers && { headers: Object.fromEntries(described) }),
    content: { 'application/json': { schema } },
  }
}

/** The answers with a file, whole or a range of it, in whatever format it has. The bytes are streamed and never checked. */
export function rowsResponses(description: string) {
  const text = { schema: z.string() }
  const content = {
    [MEDIA_TYPES.json]: { schema: z.array(z.unknown()) },
    [MEDIA_TYPES.ndjson]: text,
    [MEDIA_TYPES.csv]: text,
  }
  return {
    200: { description, content },
    206: { description: 'The bytes of the range', content },
    304: z.undefined().describe('Nothing has changed'),
  }
}
