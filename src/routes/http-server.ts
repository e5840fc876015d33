import { lookup } from 'node:dns/promises'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import type { FastifyInstance, FastifyServerFactory } from 'fastify'
import type { Log } from '../ports/log.ts'
import { OpenConnections } from './open-connections.ts'
import { answerInTurn } from './pipelined-requests.ts'

// Not by `import`, which reads every export of node:http and so loads the whole of undici, which nothing here uses.
const { createServer } = process.getBuiltinModule('node:http')

/** Milliseconds a connection may be idle between two requests: longer than the load balancers in use keep theirs. */
const KEEP_ALIVE_MS = 72_000
/** The most connections without a setting: some ten kilobytes each. */
const MOST_CONNECTIONS = 4096

export interface ConnectionLimits {
  /** Milliseconds in which a whole request must be there; default 30 s. */
  readonly requestTimeoutMs?: number
  /**
   * Milliseconds without a byte in either direction after which a connection is cut; default 2 minutes, which is longer
   * than any wait that is offered, and than any silence of an event stream.
   */
  readonly silenceMs?: number
  /** Milliseconds after which a client is cut that takes nothing of its answer, twice as many at the most; default 20 s. */
  readonly stallMs?: number
  /** Files and sockets that this process may have open, as the system says; default: any number. */
  readonly openFilesAtMost?: number | undefined
  /** Connections at a time, MAX_CONNECTIONS; default 4096. Half of the open files at the most, as files and Google need some too. */
  readonly maxConnections?: number | undefined
}

/** Connections that may be open at a time. */
export function mostConnections(limits: ConnectionLimits): number {
  const { openFilesAtMost = Number.POSITIVE_INFINITY, maxConnections = MOST_CONNECTIONS } = limits
  return Math.min(maxConnections, Math.floor(openFilesAtMost / 2))
}

/** Makes the HTTP server of an app: how long a client may take, how many may come, and what one may ask for at a time. */
export function httpServer(limits: ConnectionLimits, log: Log): FastifyServerFactory {
  const { requestTimeoutMs = 30_000, silenceMs = 120_000, stallMs = 20_000 } = limits
  const { maxConnections = 0, openFilesAtMost } = limits
  const total = mostConnections(limits)
  if (maxConnections > total) {
    log.warn(
      { maxConnections, openFilesAtMost, taken: total },
      'MAX_CONNECTIONS is more than half of the files that this process may have open (ulimit -n), which are taken',
    )
  }
  const connections = new OpenConnections({ total, stallMs, silenceMs, log })
  return (handler) => {
    const server = createServer(
      {
        /** Path, query and headers together, as Node counts them. */
        maxHeaderSize: 16 * 1024,
        headersTimeout: Math.min(10_000, requestTimeoutMs),
        requestTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(1000, requestTimeoutMs / 4),
        keepAliveTimeout: KEEP_ALIVE_MS,
        /** A second Host or Authorization makes the value one that is refused; Node would ignore it. */
        joinDuplicateHeaders: true,
      },
      answerInTurn(handler),
    )
    server.setTimeout(silenceMs)
    return server.on('connection', (socket) => connections.admit(socket))
  }
}

/** Listens; at every address of `localhost`, where Fastify listens at one alone once it is given its server. */
export async function listen(app: FastifyInstance, at: { host: string; port: number }): Promise<string> {
  const url = await app.listen(at)
  if (at.host !== 'localhost') return url
  const { address: first, port } = app.server.address() as AddressInfo
  for (const { address } of await lookup(at.host, { all: true })) {
    if (address === first) continue
    // Node's HTTP server takes connections from others too (nodejs.org/api/http.html, "Event: 'connection'").
    const beside = createNetServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      app.server.emit('connection', socket),
    )
    // An address that cannot be had, as that of an IPv6 which is switched off, is done without.
    beside.on('error', () => beside.close())
    app.server.once('close', () => beside.close())
    await new Promise<void>((resolve) => beside.once('close', resolve).listen({ host: address, port }, resolve))
  }
  return url
}
