import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type RequestListener, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const PRISM = fileURLToPath(new URL('../../node_modules/.bin/prism', import.meta.url))

/**
 * The address of a proxy before a service that has Prism hold every answer against the OpenAPI document that this
 * service serves. What the client gets is untouched: Prism is given a copy, as it would re-write bodies and hold streams
 * back. An answer that the document does not tell of fails the test. Requests are not held against it, as many tests
 * send bad ones; an address or method that the document leaves out may only be refused.
 */
export async function checkedByDocument(t: Test, url: string, directory: string): Promise<string> {
  const file = `${directory}/openapi.json`
  await writeFile(file, await (await fetch(`${url}/openapi.json`)).text())
  const { hostname, port } = new URL(url)
  const copies = new Map<string, Copy>()
  // What Prism takes for the service: it plays back what the service has answered.
  const upstream = await listen(t, (incoming, answer) => {
    const copy = copies.get(String(incoming.headers[COPY]))
    answer.writeHead(copy?.status ?? 599, copy?.headers).end(copy?.body)
  })
  const prism = await startPrism(t, file, upstream)
  const violations: string[] = []
  const checks = new Set<Promise<void>>()
  const check = async (copy: Copy): Promise<void> => {
    const key = String(copies.size)
    copies.set(key, copy)
    const violation = await askPrism(prism, key, copy)
    if (violation !== undefined) violations.push(`${copy.method} ${copy.path} ${copy.status}: ${violation}`)
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

/** Milliseconds that Prism may take for one answer. */
const PATIENCE_MS = 10_000

/** Names the copy that a request of Prism's is for. */
const COPY = 'x-contract-copy'

/** Pages, and the document itself. (OPTIONS is for browsers, which do not read documents either.) */
const UNTOLD = /^\/(?:docs|openapi\.json)/

/** Whether a path means what it says: one with dots or broken escapes would reach Prism as another. */
function isPlain(path: string): boolean {
  return URL.parse(path, 'http://host')?.pathname === path.split('?')[0]
}

interface Copy {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What Prism has to say against an answer. */
async function askPrism(prism: string, key: string, { method, path, status, body }: Copy): Promise<string | undefined> {
  const reply = await fetch(`${prism}${path}`, {
    method,
    headers: { [COPY]: key },
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  const text = await reply.text()
  // Prism only warns of a status that the document does not have; it is a violation all the same.
  const warnings = reply.headers.get('sl-violations')
  if (warnings !== null) return warnings
  if (reply.status === status && text.length > 0 === body.length > 0 && !text.includes('stoplight.io')) return undefined
  if (/#NO_(?:PATH|METHOD)_MATCHED_ERROR/.test(text) && status >= 400) return undefined
  return text.slice(0, 2000)
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

async function startPrism(t: Test, file: string, upstream: string): Promise<string> {
  const port = await aFreePort()
  const child = spawn(
    process.execPath,
    [PRISM, 'proxy', file, upstream, '--port', String(port), '--errors', '--validate-request', 'false'],
    { env: { PATH: process.env.PATH ?? '', NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`Prism ended: ${output}`)
    await delay(50)
  }
  return `http://127.0.0.1:${port}`
}

async function aFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
