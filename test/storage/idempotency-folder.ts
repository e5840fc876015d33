import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { StatusFolderOptions } from '../../src/storage/files/status-folder.ts'
import type { KeyReservation } from '../../src/syncs/idempotency-store.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FileIdempotency } from '../support/key-value-stores.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'

export const NOW = new Date('2026-01-01T00:00:00.000Z')
export const TTL_MS = 86_400_000
export const EXPIRED = after(TTL_MS)
export const answer = aQueuedSync()

export function setUp(t: Test, name = 'keys') {
  const directory = `${t.testdirName}/${name}`
  testFolder(t)
  return {
    directory,
    async open(options: Partial<StatusFolderOptions> = {}): Promise<FileIdempotency> {
      const store = new FileIdempotency({ directory, clock: systemClock, ...options })
      await store.start()
      return store
    },
  }
}

export function aReservation(changes: Partial<KeyReservation> = {}): KeyReservation {
  const syncId = newSyncId()
  return { key: hash(syncId), fingerprint: hash('a request'), syncId, now: NOW, ttlMs: TTL_MS, ...changes }
}

export function after(ms: number): Date {
  return new Date(NOW.getTime() + ms)
}

export function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
