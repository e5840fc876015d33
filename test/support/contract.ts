import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import { createInstance, getHttpOperationsFromSpec, type IHttpRequest, type IHttpResponse } from '@stoplight/prism-http'
import { pino } from 'pino'
import type { Test } from 'tap'

/**
 * The address of a proxy before a service that has Prism hold every answer against the OpenAPI document that this
 * service serves. What the client gets is untouched: Prism is given a copy, as its own proxy would re-write bodies and hold
 * streams back. An answer that the document does not tell of fails the test. Requests are not held against it, as many tests
 * send bad ones; an address or method that the document leaves out may only be refused.
 */
export async function checkedByDocument(t: Test, url: string): Promise<string> {
  const operations = await operationsOf(await (await fetch(`${url}/openapi.json`)).text())
  const { hostname, port } = new URL(url)
  const violations: string[] = []
  const checks = new Set<Promise<void>>()
  const check = async (answer: Answer): Promise<void> => {
    const violation = await violationOf(operations, answer)
    if (violation !== undefined) violations.push(`${answer.method} ${answer.path} ${answer.status}: ${violation}`)
  }
  t.teardown(async () => {
    await Promise.all(checks)
    if (violations.length > 0) throw new Error(`answers that the document does not tell of:\n${violations.join('\n')}`)
  })
  return listen(t, (incoming, answer) => {
    const { method = '', headers, url: path = '' } = incoming
    // Not as a URL, which would be tidied up: what a path may not be is just what some tests send.
    const outgoing = request({ host: hostname, port, method, path, headers }, (reply) => {
      const chunks: Buffer[] = []
      const { statusCode: status = 502 } = reply
      answer.writeHead(status, reply.headers)
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.on('end', () => {
        if (UNTOLD.test(path) || method === 'OPTIONS' || !isPlain(path)) return
        const checked = check({ method, path, status, headers: reply.headers, body: Buffer.concat(chunks) })
        checks.add(checked)
        checked.then(
          () => checks.delete(checked),
          () => undefined,
        )
      })
      reply.pipe(answer)
    })
    outgoing.on('error', () => answer.destroy())
    answer.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
}

/** Pages, and the document itself. (OPTIONS is for browsers, which do not read documents either.) */
const UNTOLD = /^\/(?:docs|openapi\.json)/

/** Whether a path means what it says: one with dots or broken escapes would reach Prism as another. */
function isPlain(path: string): boolean {
  return URL.parse(path, 'http://host')?.pathname === path.split('?')[0]
}

interface Answer {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

type Operations = Awaited<ReturnType<typeof getHttpOperationsFromSpec>>

/** By document: reading one takes Prism half a second, and nearly all services of a test serve the same. */
const documents = new Map<string, Promise<Operations>>()

function operationsOf(document: string): Promise<Operations> {
  const found = documents.get(document) ?? getHttpOperationsFromSpec(JSON.parse(document))
  documents.set(document, found)
  return found
}

/** What Prism has to say against an answer. */
async function violationOf(operations: Operations, answer: Answer): Promise<string | undefined> {
  const { pathname, searchParams } = new URL(answer.path, 'http://host')
  const output = await asPrismReads(answer)
  const prism = createInstance(PRISM, {
    logger: SILENT,
    forward: () => () => async () => ({ _tag: 'Right', right: output }),
  })
  const method = answer.method.toLowerCase() as IHttpRequest['method']
  const url = { path: pathname, query: Object.fromEntries(searchParams) }
  const verdict = await prism.request({ method, url, headers: {} }, operations)()
  if (verdict._tag === 'Left') {
    const isUntold = /#NO_(?:PATH|METHOD)_MATCHED_ERROR/.test(verdict.left.name)
    return isUntold && answer.status >= 400 ? undefined : String(verdict.left)
  }
  // Prism only warns of a status that the document does not have; it is a violation all the same.
  const found = Object.values(verdict.right.validations).flat()
  return found.length === 0 ? undefined : JSON.stringify(found).slice(0, 2000)
}

const SILENT = pino({ level: 'silent' })

/** As `prism proxy --errors --validate-request false` would have it. */
const PRISM = {
  isProxy: true,
  upstream: new URL('http://host'),
  upstreamProxy: undefined,
  mock: { dynamic: false },
  checkSecurity: true,
  validateRequest: false,
  validateResponse: true,
  errors: true,
} as const

const DECODERS: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
}

async function asPrismReads({ status, headers, body }: Answer): Promise<IHttpResponse> {
  const decode = DECODERS[headers['content-encoding'] ?? '']
  const text = String(decode === undefined || body.length === 0 ? body : await decode(body))
  const isJson = /^application\/(?:[^;]+\+)?json\b/.test(headers['content-type'] ?? '')
  return {
    statusCode: status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body: isJson && text !== '' ? JSON.parse(text) : text,
  }
}

async function listen(t: Test, onRequest: RequestListener): Promise<string> {
  const server = createServer(onRequest).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
