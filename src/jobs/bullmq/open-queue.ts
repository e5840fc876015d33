import { Socket } from 'node:net'
import type { BackendFactory, IQueueBackend, JobProgress, Queue, QueueBaseOptions, Worker } from 'bullmq'
import { abortable } from '../../concurrency/abortable.ts'
import { TimeoutError, withTimeout } from '../../concurrency/timeout.ts'
import type { Clock } from '../../ports/clock.ts'

/** The name of the queue. On PostgreSQL it is notified to every worker in the database, whatever its schema. */
const QUEUE = 'sheetsync'

/** Milliseconds for which a job is a worker's without a sign of life; then it is given to another. */
const LOCK_MS = 6000

/** Milliseconds between two scans for jobs whose worker shows no sign of life. */
const STALLED_SCAN_MS = 3000

/** The claim decides who runs a sync, so a job may be given out as often as it takes; PostgreSQL counts it in an integer. */
const MAX_REDELIVERIES = 1_000_000

/** Seconds that a worker blocks for a job before it polls whether it missed one. */
const BLOCK_S = 5

/** Milliseconds before a server that refused or failed is tried again. */
export const RETRY_MS = 1000

/** Milliseconds after which a server that is silent counts as gone, and the connection is made anew. */
const SILENCE_MS = 10_000

/** Milliseconds that one statement on PostgreSQL may take. */
const STATEMENT_MS = 5000

/** Milliseconds that a server has to confirm the end of its connections. */
const END_MS = 1500

export interface OpenQueueOptions {
  /** `redis://…`, `rediss://…`, `postgres://…` or `postgresql://…`. */
  readonly url: string
  /** Prefix of the keys on Redis, schema on PostgreSQL: letters, digits and underscores. */
  readonly namespace: string
  /** What is done with each job, and how many at once; absent where jobs are only added. */
  readonly worker?: { readonly execute: (syncId: string) => Promise<void>; readonly concurrency: number }
  readonly clock: Clock
  /** Is given every fault of the server; BullMQ goes on by itself. */
  readonly onFault: (error: unknown) => void
  /** Aborted when nobody waits any more for a connection that has not come about. */
  readonly signal: AbortSignal
}

interface JobData {
  readonly syncId: string
}

type SyncJobQueue = Pick<Queue<JobData>, 'addBulk' | 'getWaitingCount'>

/** One queue, and the worker on it if there is one, connected to a server that has answered. */
export interface OpenQueue {
  readonly queue: SyncJobQueue
  /** Fetches no more jobs; what runs goes on. */
  pause(): Promise<void>
  /** Waits for nothing that a hung server would have to answer. Idempotent. */
  close(): Promise<void>
}

/**
 * Connects BullMQ to a server; rejects when that fails, and holds nothing then. Once connected it finds its way back by
 * itself, however often the server stops, restarts or hangs.
 */
export async function openQueue(options: OpenQueueOptions): Promise<OpenQueue> {
  const { createPostgresBackend, createRedisBackend } = await import('bullmq')
  const sockets = new Set<Socket>()
  return /^rediss?:/.test(options.url)
    ? connect({ prefix: options.namespace, connection: redisConnection(options.url) }, createRedisBackend, options)
    : connect({ connection: postgresConnection(options, sockets) }, createPostgresBackend, options, sockets)
}

async function connect<Backend extends IQueueBackend, Connection>(
  server: QueueBaseOptions<Connection> & { readonly prefix?: string },
  createBackend: BackendFactory<Backend, Connection>,
  { worker: jobs, clock, onFault, signal }: OpenQueueOptions,
  sockets?: ReadonlySet<Socket>,
): Promise<OpenQueue> {
  const bullmq = await import('bullmq')
  const backend = pauseAfterFaults(createBackend, clock)
  const opened: { close(): Promise<void>; disconnect(): Promise<void> }[] = []
  let worker: Worker<JobData, void, string, Backend, JobProgress, Connection> | undefined

  async function closeAll(): Promise<void> {
    const closing = Promise.all(opened.map((one) => one.close()))
    if (await endsInTime(closing)) return
    // BullMQ waits for the server to confirm; cut the connections, and the waits end.
    if (sockets === undefined) for (const one of opened) one.disconnect().catch(onFault)
    else for (const socket of sockets) socket.destroy()
    await endsInTime(closing)
  }

  async function endsInTime(work: Promise<unknown>): Promise<boolean> {
    try {
      await withTimeout(work, END_MS, 'the end of the connection', clock)
    } catch (error) {
      if (error instanceof TimeoutError) return false
      onFault(error)
    }
    return true
  }

  try {
    const queue = new bullmq.Queue<JobData, void, string, JobData, void, string, Backend, Connection>(
      QUEUE,
      { ...server, streams: { events: { maxLen: 100 } } },
      backend,
    )
    opened.push(queue)
    queue.on('error', onFault)
    // BullMQ waits for a Redis without end.
    await abortable(queue.waitUntilReady(), signal)
    if (jobs !== undefined) {
      worker = new bullmq.Worker<JobData, void, string, Backend, JobProgress, Connection>(
        QUEUE,
        (job) => jobs.execute(job.data.syncId),
        {
          ...server,
          // A connection that failed its first time would be tried again without a pause.
          autorun: false,
          concurrency: jobs.concurrency,
          lockDuration: LOCK_MS,
          stalledInterval: STALLED_SCAN_MS,
          maxStalledCount: MAX_REDELIVERIES,
          drainDelay: BLOCK_S,
          runRetryDelay: RETRY_MS,
        },
        backend,
      )
      opened.push(worker)
      worker.on('error', onFault)
      await abortable(worker.waitUntilReady(), signal)
      worker.run().catch(onFault)
    }
    return {
      queue,
      pause: async () => worker?.pause(true),
      close: closeAll,
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function redisConnection(url: string) {
  return {
    url,
    // BullMQ blocks for BLOCK_S at a time, and retries what a lost connection left undone.
    maxRetriesPerRequest: null,
    connectTimeout: SILENCE_MS,
    socketTimeout: SILENCE_MS,
    // The primary has become a replica: the host name may lead to its successor by now.
    reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
    retryStrategy: (times: number) => Math.min(times * 100, RETRY_MS),
  }
}

function postgresConnection({ url, namespace }: OpenQueueOptions, sockets: Set<Socket>) {
  return {
    connectionString: url,
    schema: namespace,
    migrate: true,
    max: 4,
    keepAlive: true,
    connectionTimeoutMillis: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    // BullMQ names its schema in a parameter of the connection, which PgBouncer drops at best.
    onConnect: async (client: { query(sql: string): Promise<unknown> }) => {
      await client.query(`SET search_path TO "${namespace}"; SET statement_timeout TO ${STATEMENT_MS}`)
    },
    // Sockets of our own making, for `pg` waits without end for a hung server to close its side.
    stream: () => {
      const socket = new Socket()
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket
    },
  }
}

/**
 * Makes a worker pause after every failure to fetch a job. BullMQ does so only after a refused connection: a server that
 * is starting, or cannot write, would be tried hundreds of times a second.
 */
function pauseAfterFaults<Backend extends IQueueBackend, Connection>(
  createBackend: BackendFactory<Backend, Connection>,
  clock: Clock,
): BackendFactory<Backend, Connection> {
  return (...options) => {
    const backend = createBackend(...options)
    const moveToActive = backend.moveToActive.bind(backend)
    backend.moveToActive = async (...request) => {
      try {
        return await moveToActive(...request)
      } catch (error) {
        await clock.sleep(RETRY_MS)
        throw error
      }
    }
    return backend
  }
}
