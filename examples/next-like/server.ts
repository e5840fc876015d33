import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

// A dev server as frameworks have one: it is started with --watch, so every edit of this folder ends this process and
// starts the next, and open pages reload. Whatever it remembers is gone then, which is why it remembers nothing: the
// syncs live in the service, which the page reaches through /api.
const service = new URL(process.env.SHEETSYNC_URL ?? 'http://127.0.0.1:3000')
const port = Number(process.env.PORT ?? 4000)
const root = fileURLToPath(new URL('../..', import.meta.url))
/** Tells this process from the one before. */
const boot = `${Date.now()}-${process.pid}`

const server = createServer((incoming, answer) => {
  const path = new URL(incoming.url ?? '/', 'http://host').pathname
  if (path.startsWith('/api/')) return passOn(incoming, answer)
  serve(path, answer).catch((error: unknown) => {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    answer.writeHead(isAbsent ? 404 : 500, { 'content-type': 'text/plain' }).end(isAbsent ? 'Not found' : String(error))
  })
})
server.listen(port, '127.0.0.1', () => {
  process.stdout.write(`The page is at http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})

async function serve(path: string, answer: ServerResponse): Promise<void> {
  const client = /^\/client\/([a-z-]+\.ts)$/.exec(path)?.[1]
  if (path === '/__reload') {
    // The page compares the two ids when its stream comes back after a restart.
    answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    answer.write(`retry: 200\ndata: ${boot}\n\n`)
  } else if (client !== undefined) {
    // Browsers read the client as it is, but for its types.
    const source = await readFile(`${root}client/src/${client}`, 'utf8')
    answer.writeHead(200, { 'content-type': 'text/javascript' }).end(stripTypeScriptTypes(source))
  } else if (path === '/vendor/openapi-fetch.mjs') {
    answer.writeHead(200, { 'content-type': 'text/javascript' })
    createReadStream(`${root}node_modules/openapi-fetch/dist/index.mjs`).pipe(answer)
  } else {
    const name = path === '/' ? 'page.html' : (/^\/(page\.js)$/.exec(path)?.[1] ?? 'none')
    const text = await readFile(new URL(name, import.meta.url), 'utf8')
    answer.writeHead(200, { 'content-type': name.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8' })
    answer.end(text)
  }
}

/** Passes a call on to the service, streams too; an API key would be added here, where no browser sees it. */
function passOn(incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, headers } = incoming
  const path = (incoming.url ?? '').slice('/api'.length)
  const options = {
    host: service.hostname,
    port: service.port,
    method,
    path,
    headers: { ...headers, host: service.host },
  }
  const outgoing = request(options, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers)
    reply.pipe(answer)
  })
  outgoing.on('error', () => {
    if (answer.headersSent) answer.destroy()
    else answer.writeHead(502, { 'content-type': 'text/plain' }).end('The service is not there just now.')
  })
  answer.on('close', () => outgoing.destroy())
  incoming.pipe(outgoing)
}
