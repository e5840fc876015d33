import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isNotModified } from './conditional-requests.ts'
import { acceptableCodings, addVary, type Coding, codedETag } from './content-codings.ts'
import { onceDone } from './once-done.ts'

/** An answer that is made once: all who ask for it, and do not read it, share its bytes. */
export interface PreparedAnswer {
  readonly headers: Readonly<Record<string, string>> & { readonly etag: string }
  readonly body: Buffer
  /** The bytes in a coding, which are made with the first call; without it they are sent as they are. */
  readonly encoded?: (coding: Coding) => Promise<Buffer>
}

const ENCODERS: Readonly<Record<Coding, (body: Buffer) => Promise<Buffer>>> = {
  zstd: (body) => promisify(zstdCompress)(body, { params: { [constants.ZSTD_c_compressionLevel]: 19 } }),
  gzip: (body) => promisify(gzip)(body, { level: 9 }),
  br: (body) =>
    promisify(brotliCompress)(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 16 },
    }),
  identity: async (body) => body,
}

/** Prepares an answer with these headers; its ETag is strong. */
export function prepareAnswer(body: Buffer, headers: Readonly<Record<string, string>>): PreparedAnswer {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
  return { headers: { 'cache-control': 'no-cache', ...headers, etag }, body }
}

/** The same, compressed as its clients accept it: for what is kept and sent often. */
export function prepareEncodedAnswer(body: Buffer, headers: Readonly<Record<string, string>>): PreparedAnswer {
  const made = new Map<Coding, () => Promise<Buffer>>(
    Object.entries(ENCODERS).map(([coding, encode]) => [coding as Coding, onceDone(() => encode(body))]),
  )
  const encoded = (coding: Coding) => made.get(coding)?.() ?? Promise.resolve(body)
  return { ...prepareAnswer(body, headers), encoded }
}

/** Answers GET and HEAD, 304 when the client has it. */
export async function sendPrepared(
  request: FastifyRequest,
  reply: FastifyReply,
  { headers, body, encoded }: PreparedAnswer,
): Promise<FastifyReply> {
  const coding = encoded === undefined ? 'identity' : smallestCoding(request, reply)
  const validators = { etag: codedETag(headers.etag, coding) }
  reply.headers({ ...headers, ...validators })
  if (coding !== 'identity') reply.header('content-encoding', coding)
  const bytes = (await encoded?.(coding)) ?? body
  if (!isNotModified(request.headers, validators)) return reply.send(bytes)
  // A HEAD route of Fastify takes the length of what is sent, and sends no bytes of it.
  return reply.code(304).send(request.method === 'HEAD' ? bytes : undefined)
}

/** Made once, so the smallest may take its time. */
function smallestCoding(request: FastifyRequest, reply: FastifyReply): Coding {
  addVary(reply, 'Accept-Encoding')
  const [best, ...others] = acceptableCodings(request)
  return best !== 'identity' && others.includes('br') ? 'br' : best
}
