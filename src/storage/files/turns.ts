import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'

/** Milliseconds of work between two turns of the event loop. */
const SLICE_MS = 5

/** Lets long work over many records give way to everything else, every few milliseconds. */
export class Turns {
  #began = performance.now()

  async giveWay(): Promise<void> {
    if (performance.now() - this.#began < SLICE_MS) return
    await turn()
    this.#began = performance.now()
  }
}
