import t from 'tap'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { testKeyValueStore } from './key-value-conformance.ts'

await testKeyValueStore(t, 'MemoryKeyValueStore', async () => {
  const stores = new Map<string, MemoryKeyValueStore>()
  return { open: async (namespace) => stores.get(namespace) ?? make(stores, namespace) }
})

function make(stores: Map<string, MemoryKeyValueStore>, namespace: string): MemoryKeyValueStore {
  const store = new MemoryKeyValueStore()
  stores.set(namespace, store)
  return store
}
