import { setImmediate as turn } from 'node:timers/promises'

/** Records looked at between two turns of the event loop; at a few microseconds each, well below a millisecond. */
const ITEMS_AT_A_TIME = 100

/** Lets long work over many records give way to everything else. */
export class Turns {
  #items = 0

  /** To be called once for each record. */
  async giveWay(): Promise<void> {
    this.#items++
    if (this.#items % ITEMS_AT_A_TIME === 0) await turn()
  }
}
