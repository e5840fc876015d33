import { setImmediate } from 'node:timers/promises'

/**
 * Makes a function to be awaited once for each of many items: after every `items` of them it lets the event loop turn.
 * The default is for items that take a few microseconds each, so that it is held for well below a millisecond.
 */
export function yieldEvery(items = 100): () => Promise<void> | undefined {
  let count = 0
  return () => (++count % items === 0 ? setImmediate() : undefined)
}
