import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AnswerFormat } from '../rows/engine/protocol.ts'
import type { RowsAnswer } from '../rows/row-questions.ts'
import { derive } from './derived-stream.ts'
import { type EncodedAnswer, sendEncoded } from './encoded-answer.ts'
import type { FileLimit } from './file-limit.ts'
import { contentTypeOf } from './media-types.ts'

export interface RowsAnswerOptions extends Omit<EncodedAnswer, 'bytes'> {
  readonly format: AnswerFormat
  readonly fileLimit: FileLimit
  /** What the rows are called in `json`; default: `rows`. */
  readonly member?: string
  /** What stands beside the rows in `json`. */
  readonly beside: object
}

/** Answers with the rows of a question: in `json` as `rows` of an object, else as they are. */
export async function sendRows(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Pick<RowsAnswer, 'content' | 'file' | 'bytes'>,
  { format, fileLimit, member = 'rows', beside, ...encoding }: RowsAnswerOptions,
): Promise<FastifyReply> {
  reply.header('content-type', contentTypeOf(format)).header('x-content-type-options', 'nosniff')
  const [head, tail] = format === 'json' ? around(member, beside) : [Buffer.of(), Buffer.of()]
  const { content } = answer
  if (content !== undefined) return sendEncoded(request, reply, Buffer.concat([head, content, tail]), encoding)
  const file = await openOnce(answer.file, encoding.owner, fileLimit)
  const stream = head.length === 0 ? file : derive(file, (source) => joined(head, source, tail))
  const bytes = head.length + answer.bytes + tail.length
  return sendEncoded(request, reply, stream, { ...encoding, bytes })
}

/** The JSON of an object before its rows and after them. */
function around(member: string, beside: object): [Buffer, Buffer] {
  return [Buffer.from(`{${JSON.stringify(member)}:`), Buffer.from(`,${JSON.stringify(beside).slice(1)}\n`)]
}

async function* joined(head: Buffer, file: AsyncIterable<Buffer>, tail: Buffer): AsyncGenerator<Buffer> {
  yield head
  yield* file
  yield tail
}

/** Opens a file that is nobody else's; it is gone as soon as the platform lets it be. */
async function openOnce(path: string, owner: string, fileLimit: FileLimit): Promise<Readable> {
  try {
    const file = await fileLimit.open(owner, async () => createReadStream(path))
    // Windows keeps a file while it is open.
    return file.once('open', () => remove(path)).once('close', () => remove(path))
  } catch (error) {
    await remove(path)
    throw error
  }
}

/** What cannot be removed now is removed with what else was left behind in the cache. */
function remove(path: string): Promise<void> {
  return rm(path, { force: true }).catch(() => {})
}
