import type { FastifyInstance } from 'fastify'
import { withTimeout } from './concurrency/timeout.ts'
import type { Clock } from './ports/clock.ts'
import type { Shutdown } from './shutdown.ts'

/** Milliseconds that a stop waits for answers under way. */
const SLOW_CLIENT_MS = 8000
/** Milliseconds that it waits for questions about rows, so that who asked one longer is told of the stop. */
const SLOW_QUESTION_MS = 1500
/** Milliseconds between two looks for connections that have had their answer. */
const ANSWERED_MS = 50

/** Milliseconds that a stop waits for the step of the start that is under way. */
const START_STEP_MS = 1000

/** Milliseconds from the open port until what scrapes and downloads need is loaded, unless one needs it earlier. */
const LOAD_AFTER_MS = 100

/** The whole service, put together and not yet started. */
export interface Service {
  readonly app: FastifyInstance
  /**
   * Opens the storage and the port, then begins to run syncs. Resolves to the address it listens at; rejects with the reason
   * of `stopping` once `close` is called, and opens nothing more.
   */
  start(): Promise<string>
  /**
   * Loads what scrapes and downloads need before the first one does, once the first probes are answered. Rejects when that
   * cannot be loaded, as from an installation that is not whole.
   */
  load(): Promise<void>
  /**
   * Refuses new work, has running syncs save their checkpoint, answers what is under way, lets go of everything.
   * Idempotent. Rejects with an AggregateError of what could not be closed; the rest is closed all the same.
   */
  close(): Promise<void>
  /** The part that is being closed now, if one is. */
  readonly closing: string | undefined
  /** Aborted when `close` is called. */
  readonly stopping: AbortSignal
}

/** Waits for a step of the start; rejects once the service is closed, as what a stop has closed must not be opened again. */
export type Step = <T>(work: Promise<T>) => Promise<T>

interface LifeParts {
  readonly app: FastifyInstance
  /** Opens all that is open while the service runs, step by step; resolves to the address it listens at. */
  readonly start: (step: Step) => Promise<string>
  /** Loads what the open port did not wait for. */
  readonly load: () => Promise<void>
  /** Refuses new work. */
  readonly drain: () => void
  /** Lets no question about rows go on. */
  readonly endQuestions: () => Promise<void>
  readonly shutdown: Shutdown
  /** Aborted by the life once it is to end. */
  readonly closing: AbortController
  readonly clock: Clock
}

/** A service that is put together, as it starts and stops. */
export function serviceLife({ app, shutdown, closing, clock, ...parts }: LifeParts): Service {
  let started: Promise<string> | undefined
  let closed: Promise<void> | undefined
  const step: Step = async (work) => {
    const result = await work
    closing.signal.throwIfAborted()
    return result
  }
  async function closeAll(): Promise<void> {
    parts.drain()
    if (started !== undefined) await withTimeout(started, START_STEP_MS, 'the start', clock).catch(() => undefined)
    // Whoever is still reading by then reads too slowly to be waited for; a Range request goes on where it was cut.
    const limit = setTimeout(() => app.server.closeAllConnections(), SLOW_CLIENT_MS)
    const questionLimit = setTimeout(() => void parts.endQuestions(), SLOW_QUESTION_MS)
    await shutdown.close().finally(() => {
      clearTimeout(limit)
      clearTimeout(questionLimit)
    })
  }

  return {
    app,
    start() {
      started ??= parts.start(step)
      return started
    },
    async load() {
      await clock.sleep(LOAD_AFTER_MS, closing.signal).catch(() => undefined)
      if (closing.signal.aborted) return
      await parts.load()
    },
    close() {
      closing.abort()
      closed ??= closeAll()
      return closed
    },
    get closing() {
      return shutdown.closing
    },
    stopping: closing.signal,
  }
}

/** Closes the port, answers what is under way, and then lets no client keep its connection, which would hold up the stop. */
export async function closeServer(app: FastifyInstance): Promise<void> {
  const answered = setInterval(() => app.server.closeIdleConnections(), ANSWERED_MS)
  await app.close().finally(() => clearInterval(answered))
}
