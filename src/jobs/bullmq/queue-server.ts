import { Socket } from 'node:net'
import type { IQueueBackend, Job, Queue, Worker } from 'bullmq'
import { TimeoutError, withTimeout } from '../../concurrency/timeout.ts'
import type { Clock } from '../../ports/clock.ts'

/** Milliseconds for which a job is a worker's without a sign of life; then it is given to another. */
const LOCK_MS = 6000

/** Milliseconds between two looks for jobs whose worker shows no sign of life. */
const STALLED_LOOK_MS = 3000

/** The claim decides who runs a sync, so a job may be given out as often as it takes; PostgreSQL counts it in an integer. */
const MOST_REDELIVERIES = 1_000_000

/** Seconds that a worker listens for a ring before it asks whether it missed one. */
const LISTEN_S = 5

/** Milliseconds before a server that refused or failed is asked again. */
export const RETRY_MS = 1000

/** Milliseconds after which a server that says nothing counts as gone, and the connection is made anew. */
const SILENCE_MS = 10_000

/** Milliseconds that one statement on PostgreSQL may take. */
const STATEMENT_MS = 5000

export interface QueueServerOptions {
  /** `redis://…`, `rediss://…`, `postgres://…` or `postgresql://…`. */
  readonly url: string
  /** Prefix of the keys on Redis, schema on PostgreSQL: letters, digits and underscores. */
  readonly namespace: string
  readonly clock: Clock
  /** Told of every trouble with the server; BullMQ goes on by itself. */
  readonly onTrouble: (error: Error) => void
  /** Aborted when nobody waits any more for a connection that has not come about. */
  readonly signal: AbortSignal
}

/** What is heard, and by how many at once. */
export interface Hearing {
  readonly hear: (syncId: string) => Promise<void>
  readonly concurrency: number
}

export interface RingData {
  readonly syncId: string
}

export type RingQueue = Queue<RingData, void, string, RingData, void, string, IQueueBackend, unknown>
type RingWorker = Worker<RingData, void, string, IQueueBackend>
/** The constructors as this file calls them: the options of a connection differ with the server, all else is the same. */
type NewBackend = (...options: unknown[]) => IQueueBackend
type NewQueue = new (name: string, options: object, backend: NewBackend) => RingQueue
type NewWorker = new (
  name: string,
  process: (job: Job<RingData>) => Promise<void>,
  options: object,
  backend: NewBackend,
) => RingWorker

/** One queue, and the worker on it if there is one, connected to a server that has answered. */
export interface OpenQueue {
  readonly queue: RingQueue
  /** Fetches no more jobs; what runs goes on. */
  rest(): Promise<void>
  /** Waits for nothing that a hung server would have to answer. Idempotent. */
  close(): Promise<void>
}

/**
 * Connects BullMQ to a server; rejects when that fails, and holds nothing then. Once connected it finds its way back by
 * itself, however often the server stops, restarts or hangs.
 */
export async function openQueue(options: QueueServerOptions, hearing: Hearing | undefined): Promise<OpenQueue> {
  const bullmq = await import('bullmq')
  const sockets = new Set<Socket>()
  const isRedis = /^rediss?:/.test(options.url)
  const common = isRedis
    ? { prefix: options.namespace, connection: redisConnection(options.url) }
    : { connection: postgresConnection(options, sockets) }
  const create: unknown = isRedis ? bullmq.createRedisBackend : bullmq.createPostgresBackend
  const backend = paced(create as NewBackend, options.clock)
  const open: { close(): Promise<void>; disconnect(): Promise<void> }[] = []
  let closed: Promise<void> | undefined
  const close = async () => {
    const all = Promise.all(open.map((one) => one.close()))
    if (await isDone(all, options)) return
    // BullMQ waits for the server to say goodbye; cut the lines, and the waits end.
    for (const socket of sockets) socket.destroy()
    if (isRedis) for (const one of open) one.disconnect().catch(options.onTrouble)
    await isDone(all, options)
  }
  try {
    const queue = new (bullmq.Queue as unknown as NewQueue)(
      QUEUE,
      { ...common, streams: { events: { maxLen: 100 } } },
      backend,
    )
    let worker: RingWorker | undefined
    open.push(queue)
    queue.on('error', options.onTrouble)
    await abortable(queue.waitUntilReady(), options.signal)
    if (hearing !== undefined) {
      worker = new (bullmq.Worker as unknown as NewWorker)(
        QUEUE,
        (job) => hearing.hear(job.data.syncId),
        {
          ...common,
          // A connection that failed its first time would be asked again without a pause.
          autorun: false,
          concurrency: hearing.concurrency,
          lockDuration: LOCK_MS,
          stalledInterval: STALLED_LOOK_MS,
          maxStalledCount: MOST_REDELIVERIES,
          drainDelay: LISTEN_S,
          runRetryDelay: RETRY_MS,
        },
        backend,
      )
      open.push(worker)
      worker.on('error', options.onTrouble)
      await abortable(worker.waitUntilReady(), options.signal)
      worker.run().catch(options.onTrouble)
    }
    return {
      queue,
      async rest() {
        await worker?.pause(true)
      },
      close() {
        closed ??= close()
        return closed
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The name of the queue. On PostgreSQL it is heard by every worker in the database, whatever its schema. */
const QUEUE = 'sheetsync'

/** Milliseconds that a server has to say goodbye. */
const GOODBYE_MS = 1500

async function isDone(work: Promise<unknown>, { clock, onTrouble }: QueueServerOptions): Promise<boolean> {
  try {
    await withTimeout(work, GOODBYE_MS, 'the goodbye of the queue', clock)
  } catch (error) {
    if (error instanceof TimeoutError) return false
    onTrouble(error as Error)
  }
  return true
}

/** Settles as the work does; rejects with the signal's reason once that is aborted. BullMQ waits for a Redis without end. */
async function abortable(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
    work.catch(() => undefined)
  }
}

function redisConnection(url: string): object {
  return {
    url,
    // BullMQ blocks for LISTEN_S at a time, and retries what a lost connection left undone.
    maxRetriesPerRequest: null,
    connectTimeout: SILENCE_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (times: number) => Math.min(times * 100, RETRY_MS),
  }
}

function postgresConnection({ url, namespace }: QueueServerOptions, sockets: Set<Socket>): object {
  return {
    connectionString: url,
    schema: namespace,
    migrate: true,
    max: 4,
    keepAlive: true,
    connectionTimeoutMillis: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    statement_timeout: STATEMENT_MS,
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
 * is starting, or cannot write, would be asked hundreds of times a second.
 */
function paced(create: NewBackend, clock: Clock): NewBackend {
  return (...options) => {
    const backend = create(...options)
    const moveToActive = backend.moveToActive.bind(backend)
    backend.moveToActive = async (...arguments_) => {
      try {
        return await moveToActive(...arguments_)
      } catch (error) {
        await clock.sleep(RETRY_MS)
        throw error
      }
    }
    return backend
  }
}
