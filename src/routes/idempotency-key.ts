import { z } from 'zod'

const LONGEST_KEY = 255

/** A structured-field string (RFC 9651, section 3.3.3), as the draft has it. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/

/** What most clients send: the key as it stands. */
const BARE = /^[\x20\x21\x23-\x7e][\x20-\x7e]*$/

/** The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header); quoted or not, the same text is the same key. */
export const idempotencyKey = z
  .string()
  .transform((header, context) => {
    const quoted = QUOTED.exec(header)?.[1]?.replace(/\\(.)/g, '$1')
    const key = quoted ?? (BARE.test(header) ? header : undefined)
    if (key !== undefined && key.length >= 1 && key.length <= LONGEST_KEY) return key
    context.addIssue({
      code: 'custom',
      message: `must be 1 to ${LONGEST_KEY} printable ASCII characters, in double quotes or without`,
      params: { hint: 'A UUID is a good key.' },
    })
    return z.NEVER
  })
  .optional()
  .describe(
    'A key of your choice, such as a UUID: when this request is sent again with the same key and body within 24 hours, no second sync is started and the answer is the first one, as it is by then.',
  )
