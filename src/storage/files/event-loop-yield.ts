import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../ports/clock.ts'

/**
 * Makes a function to be awaited once for each of many items: after every `items` of them it lets the event loop turn.
 * The default is for items that take a few microseconds each, so that it is held for well below a millisecond.
 */
export function yieldEvery(items = 100): () => Promise<void> | undefined {
  let count = 0
  return () => (++count % items === 0 ? setImmediate() : undefined)
}

/** The same for items that may take long, as what is read from a disk: lets the event loop turn after so much time. */
export function yieldAfter(clock: Clock, milliseconds = 1): () => Promise<void> | undefined {
  let began = clock.monotonic()
  const turn = async () => {
    await setImmediate()
    began = clock.monotonic()
  }
  return () => (clock.monotonic() - began < milliseconds ? undefined : turn())
}
