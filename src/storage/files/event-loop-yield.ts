import { setImmediate as turn } from 'node:timers/promises'

/** Records looked at between two turns of the event loop; at a few microseconds each, well below a millisecond. */
const ITEMS_AT_A_TIME = 100

/** Lets long work over many records give way to everything else: `if (turns.isDue()) await turns.giveWay()` for each. */
export class Turns {
  #items = 0

  isDue(): boolean {
    this.#items++
    return this.#items % ITEMS_AT_A_TIME === 0
  }

  async giveWay(): Promise<void> {
    await turn()
  }
}
