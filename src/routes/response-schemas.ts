import { z } from 'zod'
import { problem } from '../model/problem.ts'
import { MEDIA_TYPES, PROBLEM_MEDIA_TYPE } from './media-types.ts'
import { documentOnly } from './validation.ts'

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
  return {
    description,
    ...(headers && { headers: describe(headers) }),
    content: { 'application/json': { schema } },
  }
}

function describe(headers: Readonly<Record<string, string>>) {
  const described = Object.entries(headers).map(([name, says]) => [name, { type: 'string', description: says }])
  return Object.fromEntries(described)
}

/** Of every answer that may be compressed. */
export const CODING_HEADERS = {
  'Content-Encoding': 'zstd, gzip or br, as Accept-Encoding prefers; absent where there is none of them',
  Vary: 'The request headers that have a say in what is answered',
} as const

const FILE_HEADERS = {
  ETag: 'Names the bytes of this coding; strong',
  'Last-Modified': 'When the snapshot was published',
  'Accept-Ranges': 'bytes, or none where the format is made of another one',
  'Content-Disposition': 'Under which name to save it',
} as const

/** The request headers of rows. All are read as RFC 9110 says, which is to ignore what is not understood. */
export const fileHeaders = documentOnly(
  z.object({
    'accept-encoding': z
      .string()
      .optional()
      .describe('Codings with their q-values; of those that are equal zstd comes before gzip and br'),
    'if-none-match': z
      .string()
      .optional()
      .describe('ETags of what the client has, in whatever coding: 304 if one is it'),
    'if-match': z.string().optional().describe('ETags of which one must be it: otherwise 412'),
    range: z
      .string()
      .optional()
      .describe('bytes=A-B: that part of the bytes without a coding. Several ranges are answered with the whole'),
    'if-range': z.string().optional().describe('The ETag without a coding: of other bytes the whole is answered'),
  }),
)

/** The answers with a file, whole or a range of it, in whatever format it has. The bytes are streamed and never checked. */
export function rowsResponses(description: string) {
  const text = { schema: z.string() }
  const content = {
    [MEDIA_TYPES.json]: { schema: z.array(z.unknown()) },
    [MEDIA_TYPES.ndjson]: text,
    [MEDIA_TYPES.csv]: text,
    [MEDIA_TYPES.parquet]: text,
  }
  return {
    200: { description, headers: describe({ ...FILE_HEADERS, ...CODING_HEADERS }), content },
    206: {
      description: 'The bytes of the range, without a coding',
      headers: describe({
        ...FILE_HEADERS,
        'Content-Range': 'Which bytes they are, and of how many',
        Vary: CODING_HEADERS.Vary,
      }),
      content,
    },
    304: z.undefined().describe('Nothing has changed'),
  }
}
