import { isOutOfDescriptors } from './disk/descriptors.ts'
import type { Clock } from './ports/clock.ts'

/** Milliseconds between two tries to load modules. */
const LOAD_AGAIN_MS = 500

export type LoadModules = <T>(modules: () => Promise<T>) => Promise<T>

/**
 * Loads modules that the open port does not wait for. Tries again while no descriptor is left to read one by, as whatever
 * else needs one does, until the signal is aborted.
 */
export function moduleLoader(clock: Clock, closing: AbortSignal): LoadModules {
  return async (modules) => {
    for (;;) {
      try {
        return await modules()
      } catch (error) {
        if (closing.aborted || !isOutOfDescriptors(error)) throw error
      }
      await clock.sleep(LOAD_AGAIN_MS, closing)
    }
  }
}
