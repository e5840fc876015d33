import { readdir } from 'node:fs/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import type { JobRunner } from '../../src/ports/job-runner.ts'
import { silentLog } from '../../src/ports/log.ts'
import { LocalSnapshotStore } from '../../src/snapshots/local-snapshot-store.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { SyncService } from '../../src/syncs/sync-service.ts'
import { systemClock } from '../../src/system-clock.ts'
import { MemoryIdempotency } from '../support/memory-key-value-store.ts'
import { aDirectory } from '../support/service.ts'

/** A disk that fails one call with one error for as long as it is told to. */
class FailingDisk {
  failure: { readonly call: 'openNew' | 'write' | 'sync' | 'rename' | 'link'; readonly code: string } | undefined

  readonly fs: FileSystem = {
    ...nodeFileSystem,
    openNew: (path) => this.#run('openNew', () => nodeFileSystem.openNew(path)),
    write: (descriptor, bytes, offset) => this.#run('write', () => nodeFileSystem.write(descriptor, bytes, offset)),
    sync: (descriptor) => this.#run('sync', () => nodeFileSystem.sync(descriptor)),
    rename: (from, to) => this.#run('rename', () => nodeFileSystem.rename(from, to)),
    link: (existing, path) => this.#run('link', () => nodeFileSystem.link(existing, path)),
  }

  async #run<T>(call: string, work: () => Promise<T>): Promise<T> {
    if (this.failure?.call === call) {
      throw Object.assign(new Error(this.failure.code), { code: this.failure.code, syscall: call, errno: -5 })
    }
    return work()
  }
}

async function aWorld(t: Test) {
  const directory = await aDirectory(t)
  const disk = new FailingDisk()
  const storage = new FileStorage({
    directory: `${directory}/sync-status`,
    clock: systemClock,
    log: silentLog,
    fs: disk.fs,
  })
  await storage.start()
  const runner: JobRunner = { async start() {}, async enqueue() {}, notifyCancel() {}, async close() {} }
  const app = await buildApp({
    service: new SyncService({ storage, runner, clock: systemClock, statusTtlMs: 60_000 }),
    idempotency: new MemoryIdempotency(),
    snapshots: new LocalSnapshotStore({ directory: `${directory}/snapshots`, kept: 1, log: silentLog }),
    checkReady: () => storage.checkWritable(),
    log: pino({ level: 'silent' }),
    version: 'test',
  })
  t.teardown(async () => {
    await app.close()
    await storage.close()
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const post = () =>
    fetch(`${url}/syncs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"spreadsheet":"abc","ifActive":"start"}',
    })
  return { url, disk, post, directory: `${directory}/sync-status` }
}

const FAILURES = [
  { call: 'write', code: 'ENOSPC', says: 'STORAGE_FULL' },
  { call: 'sync', code: 'EIO', says: 'STORAGE_UNAVAILABLE' },
  { call: 'openNew', code: 'EROFS', says: 'STORAGE_UNAVAILABLE' },
  { call: 'openNew', code: 'EMFILE', says: 'STORAGE_BUSY' },
] as const

for (const { call, code, says } of FAILURES) {
  t.test(`${code} on ${call}: POST answers 503 with the reason, reads go on, and it recovers unaided`, async (t) => {
    const { url, disk, post, directory } = await aWorld(t)
    const before = (await (await post()).json()) as SyncView
    disk.failure = { call, code }
    const refused = await post()
    t.equal(refused.status, 503)
    t.equal(refused.headers.get('retry-after'), '1')
    t.match(await refused.json(), { code: says, retryable: true, detail: String })
    t.match(await (await fetch(`${url}/readyz`)).json(), { status: 503, code: says })
    t.equal((await fetch(`${url}/livez`)).status, 200)
    const cancel = await fetch(`${url}/syncs/${before.id}/cancel`, { method: 'POST' })
    t.equal(cancel.status, 503, 'a change is refused as well')
    t.same(await (await fetch(`${url}/syncs/${before.id}`)).json(), before, 'what was there is there, unchanged')
    t.match(await (await fetch(`${url}/syncs`)).json(), { syncs: [{ id: before.id }] })
    disk.failure = undefined
    t.equal((await fetch(`${url}/readyz`)).status, 200)
    t.equal((await post()).status, 202)
    t.equal(
      (await readdir(directory)).filter((name) => name.endsWith('.json')).length,
      2,
      'the refused one left no record',
    )
    t.same(await readdir(`${directory}/.tmp`), [], 'and no temp file')
  })
}
