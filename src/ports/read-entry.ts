import type { Entry, KeyValueStore } from './key-value-store.ts'

/** Reads an entry that can be made anew: one that is damaged is removed, and read as none. */
export async function readEntry(store: KeyValueStore, key: string): Promise<Entry> {
  try {
    return await store.get(key)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    await store.remove(key)
    return store.get(key)
  }
}
