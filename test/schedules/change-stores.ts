import { Database } from '../../src/database/database.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { KeyValueStore } from '../../src/ports/key-value-store.ts'
import { silentLog } from '../../src/ports/log.ts'
import { RedisConnection } from '../../src/redis/connection.ts'
import { DatabaseKeyValueStore } from '../../src/storage/database-key-value-store.ts'
import { FileKeyValueStore } from '../../src/storage/file-key-value-store.ts'
import { RedisKeyValueStore } from '../../src/storage/redis-key-value-store.ts'

/** Where a test keeps what is known of changes: `prefix` is for Redis. */
export interface ChangeStorage {
  readonly url: string
  readonly prefix?: string
}

export interface ChangeStores {
  readonly records: KeyValueStore
  readonly signals: KeyValueStore
  close(): Promise<void>
}

/** The two namespaces of changes on each storage, as compose-storage.ts is to make them. */
export function openChangeStores({ url, prefix = '' }: ChangeStorage, clock: Clock): ChangeStores {
  if (url.startsWith('file:')) {
    const options = { directory: url.slice('file:'.length), clock }
    return {
      records: new FileKeyValueStore(options, 'changes'),
      signals: new FileKeyValueStore(options, 'change-signals'),
      close: async () => {},
    }
  }
  if (url.startsWith('redis:')) {
    const connection = new RedisConnection({ url, prefix, clock, log: silentLog })
    return {
      records: new RedisKeyValueStore(connection, 'changes'),
      signals: new RedisKeyValueStore(connection, 'change-signals'),
      close: () => connection.close(),
    }
  }
  const database = new Database({ url, clock, log: silentLog })
  return {
    records: new DatabaseKeyValueStore(database, 'changes'),
    signals: new DatabaseKeyValueStore(database, 'change-signals', 'ephemeral_entries'),
    close: () => database.close(),
  }
}
