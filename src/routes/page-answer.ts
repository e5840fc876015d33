import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Asking } from '../rows/engine/query-engine.ts'
import type { RowsAnswer } from '../rows/row-questions.ts'
import { addVary } from './content-codings.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { isHeld, nextLink, untilClosed } from './row-requests.ts'
import { type RowsAnswerOptions, sendRows } from './rows-answer.ts'

type PageContent = Pick<RowsAnswer, 'content' | 'file' | 'bytes' | 'nextCursor'>

/** A page that is known, and not yet read. */
interface Page<Answer extends PageContent> {
  /** Strong, without quotes: of its content and of all that was asked. */
  readonly tag: string
  read(asking: Asking): Promise<Answer>
}

/** What is told of a page that was read, `headers` beside those that every page has. */
interface PageDetails extends Pick<RowsAnswerOptions, 'beside'> {
  readonly headers?: Readonly<Record<string, string | number>>
}

interface PageOptions<Answer>
  extends Pick<RouteDependencies, 'fileLimit' | 'compression' | 'ownerOf'>,
    Pick<RowsAnswerOptions, 'format' | 'member'> {
  readonly detailsOf: (answer: Answer) => PageDetails
}

/** Answers with a page: 304, without reading it, where the client has it; else with its rows and a Link to the next one. */
export async function sendPage<Answer extends PageContent>(
  request: FastifyRequest,
  reply: FastifyReply,
  page: Page<Answer>,
  { detailsOf, ownerOf, ...options }: PageOptions<Answer>,
): Promise<FastifyReply> {
  const etag = `"${page.tag}"`
  reply.header('cache-control', 'private, no-cache')
  if (isHeld(request, etag)) {
    addVary(reply, 'Accept-Encoding')
    return reply.code(304).header('etag', etag).send()
  }
  const owner = ownerOf(request)
  const answer = await page.read({ owner, signal: untilClosed(reply) })
  const { nextCursor } = answer
  const next = nextCursor === null ? undefined : nextLink(request.url, nextCursor)
  if (next !== undefined) reply.header('link', `<${next}>; rel="next"`)
  const { beside, headers = {} } = detailsOf(answer)
  reply.headers(headers)
  return sendRows(request, reply, answer, { ...options, owner, etag, beside })
}
