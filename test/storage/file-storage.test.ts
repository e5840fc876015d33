import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFile, link, mkdir, readdir, readFile, stat, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import type { Sync } from '../../src/model/sync.ts'
import { toSyncRecord } from '../../src/model/sync-record.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage, type FileStorageOptions } from '../../src/storage/file-storage.ts'
import { systemProcesses } from '../../src/storage/files/processes.ts'
import { cancelSync, claimSync } from '../../src/syncs/sync.ts'
import { type Deliverable, recordDelivery, requestRedelivery } from '../../src/syncs/webhook-delivery.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'
import { testSyncStorage } from './conformance.ts'
import { aFileWorld } from './file-worlds.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const TTL_MS = 300_000
const EXPIRED = new Date(NOW.getTime() + TTL_MS)
const TEN_MINUTES_MS = 600_000

await testSyncStorage(t, 'FileStorage', aFileWorld())

t.test('a record is one file that reads well, and nothing else lies beside it', async (t) => {
  const { storage, directory } = await setUp(t)
  const sync = aQueuedSync()
  await storage.create(sync)
  const running = claimSync(sync, 'an owner', NOW)
  await storage.replace(running, 1)
  t.equal(await readFile(`${directory}/${sync.id}.json`, 'utf8'), `${JSON.stringify(toSyncRecord(running), null, 2)}\n`)
  t.same((await readdir(directory)).filter((name) => !name.startsWith('.')).sort(), ['quarantine', `${sync.id}.json`])
  for (const folder of ['.tmp', '.claims', 'quarantine']) t.same(await readdir(`${directory}/${folder}`), [])
})

t.test('each kind of damage to a file is an error, and keeps its bytes for the operator', async (t) => {
  const sync = aQueuedSync()
  const whole = JSON.stringify(sync)
  const damages = [
    '',
    '\0\0\0\0',
    'null',
    '[]',
    whole.slice(0, -1),
    `${whole}}`,
    JSON.stringify({ ...sync, state: 'unheard-of' }),
    JSON.stringify({ ...sync, id: aQueuedSync().id }),
    JSON.stringify({ ...sync, state: 'succeeded' }),
    JSON.stringify({ ...sync, progress: { percent: 'most' } }),
  ]
  for (const damage of damages) {
    const { storage, directory } = await setUp(t)
    await storage.create(sync)
    await writeFile(`${directory}/${sync.id}.json`, damage)
    await t.rejects(storage.get(sync.id), { code: 'STATUS_CORRUPT' })
    t.same((await storage.list({ pageSize: 1 })).syncs, [])
    t.same((await storage.cleanup(NOW)).quarantined, [`${sync.id}.json`])
    t.equal(await readFile(`${directory}/quarantine/${sync.id}.json`, 'utf8'), damage)
  }
})

t.test('a folder in the place of a record is unreadable too', async (t) => {
  const { storage, directory } = await setUp(t)
  const [{ id }, sound] = [aQueuedSync(), aQueuedSync()]
  await storage.create(sound)
  await mkdir(`${directory}/${id}.json`)
  await t.rejects(storage.get(id), { code: 'STATUS_CORRUPT' })
  t.same((await storage.list({ pageSize: 10 })).syncs, [sound])
  t.same((await storage.cleanup(NOW)).quarantined, [`${id}.json`])
  await t.rejects(storage.get(id), { code: 'STATUS_CORRUPT' })
})

t.test('a sweep finds what nobody has asked for since it was damaged', async (t) => {
  const { storage, directory } = await setUp(t)
  const sync = aQueuedSync()
  await storage.create(sync)
  await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
  await storage.cleanup(NOW)
  await truncate(`${directory}/${sync.id}.json`, 10)
  t.same((await storage.cleanup(NOW)).quarantined, [`${sync.id}.json`])
})

t.test('a record that a person has edited is read as it is now', async (t) => {
  const { storage, directory } = await setUp(t)
  const sync = aQueuedSync({ labels: { note: 'one' } })
  await storage.create(sync)
  await storage.get(sync.id)
  const path = `${directory}/${sync.id}.json`
  const before = await stat(path)
  await writeFile(path, (await readFile(path, 'utf8')).replace('"one"', '"two"'))
  t.equal((await storage.get(sync.id))?.labels.note, 'two')
  await writeFile(path, (await readFile(path, 'utf8')).replace('"two"', '"six"'))
  await utimes(path, 0, 0)
  t.equal((await storage.get(sync.id))?.labels.note, 'six')
  await utimes(path, before.atimeMs / 1000, Math.floor(before.mtimeMs / 1000))
  t.equal((await storage.get(sync.id))?.labels.note, 'six')
})

t.test('two versions written within one tick of the clock differ from outside', async (t) => {
  const { storage, directory } = await setUp(t, { clock: new FakeClock() })
  let sync: Sync = aQueuedSync()
  await storage.create(sync)
  const times = new Set<number>()
  for (let step = 0; step < 5; step++) {
    times.add(Math.floor((await stat(`${directory}/${sync.id}.json`)).mtimeMs * 1000))
    const next: Sync = { ...sync, revision: sync.revision + 1 }
    await storage.replace(next, sync.revision, { durable: false })
    sync = next
  }
  t.same(
    [...times].map((micros) => micros % 1_000_000),
    [1, 2, 3, 4, 5],
  )
})

t.test('of many processes that replace one revision exactly one wins', async (t) => {
  const { storage, directory } = await setUp(t)
  const syncs = Array.from({ length: 50 }, () => aQueuedSync())
  for (const sync of syncs) await storage.create(sync)
  const child = fileURLToPath(new URL('./replacing-process.ts', import.meta.url))
  const processes = await Promise.all(
    [1, 2, 3, 4].map((n) => promisify(execFile)(process.execPath, [child, directory, `process ${n}`])),
  )
  const winners = processes.map(({ stdout }) => JSON.parse(stdout) as string[])
  t.same(winners.flat().sort(), syncs.map(({ id }) => id).sort())
  for (const [n, ids] of winners.entries()) {
    for (const id of ids) t.equal((await storage.get(id))?.lease.owner, `process ${n + 1}`)
  }
  t.same(await readdir(`${directory}/.claims`), [])
})

t.test('what a writer has claimed and not published is published by the next writer, which then loses', async (t) => {
  const { storage, directory } = await setUp(t)
  const sync = aQueuedSync()
  await storage.create(sync)
  const first = claimSync(sync, 'stopped in the middle', NOW)
  await claimFor(directory, first, 1)
  t.equal((await storage.get(sync.id))?.revision, 1)
  t.equal(await storage.replace(claimSync(sync, 'late', NOW), 1), false)
  t.same(await storage.get(sync.id), first)
  t.equal(await storage.replace({ ...first, revision: 3 }, 2), true)
})

t.test('a claim whose successor is gone, torn or of another past holds nobody up', async (t) => {
  for (const fate of ['gone', 'torn', 'of another past'] as const) {
    const { storage, directory } = await setUp(t)
    const sync = aQueuedSync()
    await storage.create(sync)
    const next = claimSync(sync, fate, NOW)
    await claimFor(directory, next, 1, fate)
    const winner = claimSync(sync, 'the winner', NOW)
    t.equal(await storage.replace(winner, 1), true, fate)
    t.same(await storage.get(sync.id), winner)
    t.same(await readdir(`${directory}/.claims`), [])
  }
})

t.test('a sweep publishes what a dead writer has claimed, and removes what it left', async (t) => {
  const { storage, directory } = await setUp(t)
  const sync = aQueuedSync()
  await storage.create(sync)
  const next = claimSync(sync, 'died in the middle', NOW)
  await claimFor(directory, next, 1)
  await writeFile(`${directory}/.tmp/record.none.${await aDeadProcess()}.x-1`, 'half of a rec')
  await mkdir(`${directory}/.leases`, { recursive: true })
  await writeFile(`${directory}/.leases/${sync.id}-0.json`, 'of an earlier epoch')
  await writeFile(`${directory}/.leases/${aQueuedSync().id}-1.json`, 'of no sync')
  t.equal((await storage.cleanup(NOW)).leftovers, 4)
  t.same(await storage.get(sync.id), next)
  for (const folder of ['.tmp', '.claims', '.leases']) t.same(await readdir(`${directory}/${folder}`), [])
})

t.test('a file of a writer that may be alive stays until it was seen unchanged for ten minutes', async (t) => {
  const clock = new FakeClock()
  const { storage, directory } = await setUp(t, { clock })
  const names = [`record.none.${systemProcesses().self}.x-1`, 'record.none.1-1-1-anotherboot.x-2', 'what-is-this']
  for (const name of names) await writeFile(`${directory}/.tmp/${name}`, '')
  t.equal((await storage.cleanup(NOW)).leftovers, 0)
  clock.leap(TEN_MINUTES_MS - 1)
  clock.setWall(86_400_000)
  t.equal((await storage.cleanup(NOW)).leftovers, 0)
  clock.leap(1)
  t.equal((await storage.cleanup(NOW)).leftovers, 3)
})

t.test(
  'a removal that was cut off half-way is completed by the next writer, which then loses, or the next sweep',
  async (t) => {
    for (const next of ['writer', 'remover', 'sweep'] as const) {
      const { storage, directory } = await setUp(t)
      const sync = aQueuedSync()
      await storage.create(sync)
      await link(`${directory}/${sync.id}.json`, `${directory}/.claims/${sync.id}.1.0`)
      if (next === 'writer') t.equal(await storage.replace(claimSync(sync, 'late', NOW), 1), false)
      if (next === 'remover') t.equal(await storage.remove(sync.id, 1), false)
      t.equal((await storage.cleanup(NOW)).leftovers, 1)
      t.equal(await storage.get(sync.id), undefined)
      t.same((await storage.list({ pageSize: 1 })).syncs, [])
      await t.rejects(stat(`${directory}/${sync.id}.json`), { code: 'ENOENT' })
      t.same(await readdir(`${directory}/.claims`), [])
    }
  },
)

t.test('a claim to remove an earlier past of a record harms nobody', async (t) => {
  const { storage, directory } = await setUp(t)
  const sync = aQueuedSync()
  await storage.create(sync)
  await writeFile(`${directory}/.claims/${sync.id}.1.0`, JSON.stringify(sync))
  await storage.cleanup(NOW)
  t.same(await storage.get(sync.id), sync)
  const next = claimSync(sync, 'the winner', NOW)
  t.equal(await storage.replace(next, 1), true)
  t.same(await storage.get(sync.id), next)
  t.same(await readdir(`${directory}/.claims`), [])
})

t.test('what others create is listed, also when the journal was begun anew or is gone', async (t) => {
  const { storage, another, directory } = await setUp(t)
  const other = await another()
  const created: string[] = []
  const createAndList = async () => {
    const sync = aQueuedSync()
    await storage.create(sync)
    created.unshift(sync.id)
    const { syncs } = await other.list({ pageSize: 100 })
    t.same(
      syncs.map(({ id }) => id),
      created,
    )
  }
  await createAndList()
  await appendFile(`${directory}/.created`, `${'x'.repeat(1024 * 1024)}\n`)
  await createAndList()
  await other.cleanup(NOW)
  t.notOk((await readdir(directory)).includes('.created'), 'a long journal is begun anew')
  await createAndList()
  await createAndList()
})

t.test('pending webhooks are found without reading what is settled, also by another process', async (t) => {
  const { storage, another } = await setUp(t)
  const webhook = { url: 'https://example.com/hook' }
  for (let count = 0; count < 50; count++) {
    const sync = aQueuedSync(count % 2 === 0 ? { webhook } : {})
    await storage.create(sync)
    const ended = cancelSync(sync, NOW, TTL_MS)
    await storage.replace(ended, 1)
    const delivered = { at: NOW, status: 204, error: null, durationMs: 1 }
    if (count % 2 === 0)
      await storage.replace(recordDelivery(ended as Deliverable, delivered, NOW, { ttlMs: TTL_MS, random: 0 }), 2)
  }
  const read: string[] = []
  const other = await another({
    ...nodeFileSystem,
    read: (path, ...rest) => {
      if (path.endsWith('.json')) read.push(path)
      return nodeFileSystem.read(path, ...rest)
    },
    readNow: (path) => {
      read.push(path)
      return nodeFileSystem.readNow(path)
    },
  })
  const pending = async (from: FileStorage) =>
    (await from.list({ webhook: 'pending', pageSize: 10 })).syncs.map(({ id }) => id)
  t.same(await pending(other), [])
  t.equal(read.length, 50, 'each was looked at once')
  const late = aQueuedSync({ webhook })
  await storage.create(late)
  t.same(await pending(other), [])
  await storage.replace(cancelSync(late, NOW, TTL_MS), 1)
  t.same(await pending(other), [late.id])
  read.length = 0
  t.same(await pending(other), [late.id])
  t.same(read, [], 'what is known and has not changed is not read again')
  const settled = (await storage.list({ pageSize: 2 })).syncs[1]
  t.equal(settled?.webhook, null)
  const again = (await storage.list({ pageSize: 3 })).syncs[2] as Deliverable
  await storage.replace(requestRedelivery(again, NOW, TTL_MS), again.revision)
  t.same(await pending(other), [late.id, again.id], 'a redelivery is told of')
  t.ok(read.length <= 2, `${read.length} records were read for it`)
})

t.test('a large record is stored packed, is read as any other, and zcat shows it', async (t) => {
  const { storage, another, directory } = await setUp(t)
  const small = aQueuedSync()
  await storage.create(small)
  const tabs = Array.from({ length: 2000 }, (_, gid) => aTab(gid))
  const large: Sync = { ...claimSync(small, 'an owner', NOW), tabs }
  t.equal(await storage.replace(large, 1), true)
  const path = `${directory}/${small.id}.json`
  t.ok((await stat(path)).size < 256 * 1024)
  const { stdout } = await promisify(execFile)('zcat', [path], { maxBuffer: 2 ** 24 })
  t.equal(stdout, `${JSON.stringify(toSyncRecord(large), null, 2)}\n`)
  const other = await another()
  for (const instance of [storage, other]) t.same(await instance.get(small.id), large)
  t.same(
    (await other.list({ pageSize: 1 })).syncs.map(({ revision }) => revision),
    [2],
  )
  await truncate(path, 1000)
  await t.rejects(storage.get(small.id), { code: 'STATUS_CORRUPT' })
  t.same((await other.cleanup(NOW)).quarantined, [`${small.id}.json`])
})

t.test('files that are no records are let be', async (t) => {
  const { storage, directory } = await setUp(t)
  const names = ['notes.txt', 'sync-.json', `${aQueuedSync().id}.json.bak`, '.gitkeep']
  for (const name of names) await writeFile(`${directory}/${name}`, 'mine')
  t.same(await storage.cleanup(EXPIRED), { removed: [], quarantined: [], leftovers: 0 })
  t.same((await storage.list({ pageSize: 10 })).syncs, [])
  for (const name of names) t.equal(await readFile(`${directory}/${name}`, 'utf8'), 'mine')
})

t.test("a list of one API key's syncs looks at no other's", async (t) => {
  let looks = 0
  const fs = {
    ...nodeFileSystem,
    identify(path: string) {
      if (path.endsWith('.json')) looks += 1
      return nodeFileSystem.identify(path)
    },
  }
  const { storage, another } = await setUp(t, { fs })
  for (let index = 0; index < 100; index++) await storage.create({ ...aQueuedSync(), createdBy: 'many' })
  await storage.create({ ...aQueuedSync(), createdBy: 'few' })
  const other = await another()
  for (const instance of [storage, other]) {
    // The first list of all looks through the directory.
    await instance.list({ pageSize: 1 })
    looks = 0
    t.equal((await instance.list({ createdBy: 'few', pageSize: 100 })).syncs.length, 1)
    t.ok(looks < 10, `${looks} looks`)
  }
})

t.test('a directory on NFS is refused in words', async (t) => {
  const { storage } = await setUp(t, {
    fs: { ...nodeFileSystem, volume: async () => ({ kind: 0x6969, freeBytes: 0 }) },
    started: false,
  })
  await t.rejects(storage.start(), { code: 'STORAGE_UNAVAILABLE', message: /NFS/, hint: /STORAGE_URL/ })
})

t.test('a directory that cannot be made or written says so', async (t) => {
  const directory = testFolder(t, { 'a-file': 'in the way' })
  const storage = new FileStorage({ directory: `${directory}/a-file/status`, clock: systemClock, log: silentLog })
  await t.rejects(storage.start(), { code: 'STORAGE_UNAVAILABLE', message: /ENOTDIR/ })
  await t.rejects(storage.checkWritable(), { code: 'STORAGE_UNAVAILABLE' })
})

t.test('a closed storage takes no more writes', async (t) => {
  const { storage } = await setUp(t)
  await storage.close()
  await t.rejects(storage.create(aQueuedSync()), { code: 'STORAGE_UNAVAILABLE' })
})

function aTab(gid: number): Sync['tabs'][number] {
  const sha256 = createHash('sha256').update(String(gid)).digest('hex')
  const files = [
    { name: `tab-${gid}.json`, format: 'json' as const, bytes: gid, sha256, href: `/files/tab-${gid}.json` },
  ]
  return { gid, title: `Tab ${gid}`, range: null, state: 'done', rows: gid, columns: 8, files }
}

interface SetUp {
  readonly storage: FileStorage
  readonly another: (fs?: FileSystem) => Promise<FileStorage>
  readonly directory: string
}

async function setUp(
  t: Test,
  options: Partial<FileStorageOptions> & { readonly started?: boolean } = {},
): Promise<SetUp> {
  const directory = testFolder(t)
  const another = async (fs = options.fs ?? nodeFileSystem) => {
    const storage = new FileStorage({ directory, clock: systemClock, log: silentLog, ...options, fs })
    if (options.started !== false) await storage.start()
    t.teardown(() => storage.close())
    return storage
  }
  return { storage: await another(), another, directory }
}

/** Leaves on the disk what a writer leaves that dies between its claim and its rename. */
async function claimFor(
  directory: string,
  next: Sync,
  base: number,
  fate: 'whole' | 'gone' | 'torn' | 'of another past' = 'whole',
): Promise<void> {
  const identity = nodeFileSystem.identify(`${directory}/${next.id}.json`)
  const version = fate === 'of another past' ? '1-1' : `${identity?.modifiedMicros}-${identity?.size}`
  const name = `record.${version}.${await aDeadProcess()}.x-0`
  await writeFile(`${directory}/.tmp/${name}`, JSON.stringify(next).slice(0, fate === 'torn' ? 50 : undefined))
  await link(`${directory}/.tmp/${name}`, `${directory}/.claims/${next.id}.${base}.0`)
  if (fate === 'gone') await unlink(`${directory}/.tmp/${name}`)
}

/** The token of a process of this machine that has ended: ours, had it begun at another time. */
async function aDeadProcess(): Promise<string> {
  const [pid, start, ...place] = systemProcesses().self.split('-')
  return [pid, Number(start) - 1, ...place].join('-')
}

t.test(
  'a search that must read thousands of records is given up when its signal is aborted, and so is a sweep',
  async (t) => {
    const { storage: first, another } = await setUp(t)
    const syncs = Array.from({ length: 300 }, () => aQueuedSync())
    await Promise.all(syncs.map((sync) => first.create(sync)))
    for (const give of ['list', 'cleanup'] as const) {
      const stop = new AbortController()
      const reason = new Error('the service stops')
      let reads = 0
      const fs: FileSystem = {
        ...nodeFileSystem,
        readNow: (path) => {
          reads += 1
          if (reads === 20) stop.abort(reason)
          return nodeFileSystem.readNow(path)
        },
      }
      const storage = await another(fs)
      const { signal } = stop
      const given: Promise<unknown> =
        give === 'list' ? storage.list({ pageSize: 10, signal }) : storage.cleanup(NOW, { signal })
      await t.rejects(given, reason)
      t.ok(reads < 50, `${reads} reads`)
      t.equal((await storage.list({ pageSize: 1000 })).syncs.length, syncs.length, 'the next one finds all')
      t.equal((await storage.list({ pageSize: 1000, signal })).syncs.length, syncs.length, 'by now they are known')
    }
  },
)
