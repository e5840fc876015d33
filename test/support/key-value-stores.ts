import type { Database } from '../../src/database/database.ts'
import { LeaseStore } from '../../src/jobs/lease-store.ts'
import type { RedisConnection } from '../../src/redis/connection.ts'
import type { ReadLimits } from '../../src/sheets/read-budget-rule.ts'
import { SharedReadBudgets } from '../../src/sheets/shared-read-budgets.ts'
import { DatabaseKeyValueStore } from '../../src/storage/database-key-value-store.ts'
import { FileKeyValueStore } from '../../src/storage/file-key-value-store.ts'
import type { StatusFolderOptions } from '../../src/storage/files/status-folder.ts'
import { RedisKeyValueStore } from '../../src/storage/redis-key-value-store.ts'
import { IdempotencyStore } from '../../src/syncs/idempotency-store.ts'

// Leases, idempotency keys and read budgets over each storage, as compose-storage.ts makes them.

export class FileLeases extends LeaseStore {
  constructor(options: StatusFolderOptions) {
    super(new FileKeyValueStore(options, 'leases'))
  }
}

export class FileIdempotency extends IdempotencyStore {
  constructor(options: StatusFolderOptions) {
    super(new FileKeyValueStore(options, 'idempotency'))
  }
}

interface OnRedis {
  readonly connection: RedisConnection
}

export class RedisLeases extends LeaseStore {
  constructor({ connection }: OnRedis) {
    super(new RedisKeyValueStore(connection, 'leases'))
  }
}

export class RedisIdempotency extends IdempotencyStore {
  constructor({ connection }: OnRedis) {
    super(new RedisKeyValueStore(connection, 'idempotency'))
  }
}

export class RedisReadBudgets extends SharedReadBudgets {
  constructor({ connection, limits }: OnRedis & { readonly limits: ReadLimits }) {
    super(new RedisKeyValueStore(connection, 'read-budget'), limits)
  }
}

interface OnDatabase {
  readonly database: Database
}

export class DatabaseLeases extends LeaseStore {
  constructor({ database }: OnDatabase) {
    super(new DatabaseKeyValueStore(database, 'leases', 'ephemeral_entries'))
  }
}

export class DatabaseIdempotency extends IdempotencyStore {
  constructor({ database }: OnDatabase) {
    super(new DatabaseKeyValueStore(database, 'idempotency'))
  }
}

export class DatabaseReadBudgets extends SharedReadBudgets {
  constructor({ database, limits }: OnDatabase & { readonly limits: ReadLimits }) {
    super(new DatabaseKeyValueStore(database, 'read-budget'), limits)
  }
}
