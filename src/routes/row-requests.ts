import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import type { RowQuestions } from '../rows/row-questions.ts'
import { isNotModified } from './conditional-requests.ts'
import { CODINGS, codedETag } from './content-codings.ts'

/** Throws a QUERY_ENGINE_MISSING where no questions are answered. */
export function requireQuestions(questions: RowQuestions | undefined): RowQuestions {
  if (questions !== undefined) return questions
  throw new AppError('QUERY_ENGINE_MISSING', 'This service was put together without a query engine.')
}

/** Whether the client has the page, in whatever coding; then nobody has to be asked. */
export function isHeld({ headers }: FastifyRequest, etag: string): boolean {
  return CODINGS.some((coding) => isNotModified(headers, { etag: codedETag(etag, coding) }))
}

/** Characters of an address in a header: clients read 16 KiB of headers, and there are others. */
const MOST_LINK_CHARACTERS = 12_000

/**
 * The address of the next page: this one's, with the cursor in place of what said where it began. Written as the client wrote
 * it, as all of it percent-encoded may be three times as long. `undefined` where it is too long; `nextCursor` tells it then.
 */
export function nextLink(url: string, cursor: string): string | undefined {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const kept = query.split('&').filter((part) => {
    const [name = ''] = new URLSearchParams(part).keys()
    return part !== '' && name !== 'offset' && name !== 'cursor'
  })
  // What would end the address in the header, or may not be in one.
  const link = `${path}?${[...kept, `cursor=${cursor}`].join('&')}`.replaceAll(
    /[^!#-;=?-Z[\]_a-z~]/g,
    encodeURIComponent,
  )
  return link.length > MOST_LINK_CHARACTERS ? undefined : link
}

/** Aborted once the client has gone away before it had its answer. */
export function untilClosed(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return gone.signal
}
