import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Random } from './random.ts'

/** Milliseconds since 1970 at which every world begins. */
const BEGINNING = Date.parse('2026-01-01T00:00:00.000Z')

interface Task {
  readonly owner: ProcessLife
  readonly due: number
  readonly run: () => void
}

/** What happens to one simulated process: it may be stopped for a while, and it ends when it is killed. */
export interface ProcessLife {
  readonly name: string
  alive: boolean
  /** Stopped (SIGSTOP, a suspended machine) until then. */
  pausedUntil: number
}

/**
 * Time, and the order in which everything happens. Whatever a process waits for is a task here; one task runs at a time,
 * chosen by the seed among all that could run, and the clock moves on when there is none.
 */
export class World {
  readonly #random: Random
  readonly #tasks = new Set<Task>()
  #now = 0
  /** Added to the wall clock by whoever sets it. */
  #skew = 0
  #greatestSkew = 0
  steps = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Monotonic milliseconds. */
  get now(): number {
    return this.#now
  }

  get wall(): number {
    return BEGINNING + this.#now + this.#skew
  }

  setWall(byMs: number): void {
    this.#skew += byMs
    this.#greatestSkew = Math.max(this.#greatestSkew, this.#skew)
  }

  /** Sets the wall clock to the latest time it ever told, so that nothing expires in a far future. */
  settleWall(): void {
    this.#skew = this.#greatestSkew
  }

  /** Resolves when it is this process's turn, at the earliest in `ms`, or to `false` when aborted; never, once it was killed. */
  wait(owner: ProcessLife, ms: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve(false)
        return
      }
      const abort = () => {
        this.#tasks.delete(task)
        resolve(false)
      }
      const task: Task = {
        owner,
        due: this.#now + ms,
        run: () => {
          signal?.removeEventListener('abort', abort)
          resolve(true)
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      if (owner.alive) this.#tasks.add(task)
    })
  }

  kill(life: ProcessLife): void {
    life.alive = false
    for (const task of this.#tasks) if (task.owner === life) this.#tasks.delete(task)
  }

  clockOf(life: ProcessLife): Clock {
    return {
      now: () => new Date(this.wall),
      monotonic: () => this.#now,
      sleep: (ms, signal) => this.wait(life, Math.max(ms, 0), signal),
    }
  }

  /** Runs one task after the other until `isOver` says so; false when `limit` ms have passed or nothing is left to do. */
  async run(isOver: () => boolean, limit: number): Promise<boolean> {
    for (;;) {
      // All that hangs on promises alone is done before a new turn of the event loop begins.
      await turn()
      if (isOver()) return true
      if (this.#now > limit) return false
      const ready: Task[] = []
      let next = Number.POSITIVE_INFINITY
      for (const task of this.#tasks) {
        const due = Math.max(task.due, task.owner.pausedUntil)
        if (due <= this.#now) ready.push(task)
        else next = Math.min(next, due)
      }
      if (ready.length === 0) {
        if (next === Number.POSITIVE_INFINITY) return false
        this.#now = next
        continue
      }
      const task = this.#random.pick(ready)
      this.#tasks.delete(task)
      this.steps++
      // Disks take their time; what sleeps may become due meanwhile.
      if (this.#random.chance(0.3)) this.#now += this.#random.below(4)
      task.run()
    }
  }
}
