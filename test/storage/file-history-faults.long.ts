import { execFileSync } from 'node:child_process'
import { appendFile, readdir, readFile, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { onWindows } from '../../src/disk/windows-file-system.ts'
import type { Sync } from '../../src/model/sync.ts'
import { RECORD_FORMAT } from '../../src/model/sync-record.ts'
import type { FileSystem } from '../../src/ports/file-system.ts'
import type { Log } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import type { Processes } from '../../src/storage/files/processes.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { type Fault, FaultyFileSystem } from '../support/faulty-file-system.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'
import { idAt } from './history-conformance.ts'

const DAY_MS = 86_400_000
const TTL_MS = 300_000
const NOW = new Date('2026-01-10T12:00:00.000Z')
const TODAY = '2026-01-10'

interface Options {
  readonly fs?: FileSystem
  readonly processes?: Processes
  readonly maxBytes?: number
}

/** Opens storages on one folder; `said`: what they log at warn and error. */
function aFolder(t: Test) {
  const root = testFolder(t)
  const said: string[] = []
  const keep = (fields: object, message: string) => said.push(`${message} ${JSON.stringify(fields)}`)
  const log: Log = { debug() {}, info() {}, warn: keep, error: keep }
  const open = async ({ fs, processes, maxBytes = 1e9 }: Options = {}) => {
    const history = { directory: `${root}/sync-history`, ttlMs: 10 * DAY_MS, maxBytes }
    const directory = `${root}/sync-status`
    const storage = new FileStorage({
      directory,
      clock: systemClock,
      log,
      history,
      ...(fs && { fs }),
      ...(processes && { processes }),
    })
    await storage.start()
    return storage
  }
  return { history: `${root}/sync-history`, status: `${root}/sync-status`, open, said }
}

let made = 0

/** Syncs of a day that have ended, and whose status has expired once cleanup is told `after(TTL_MS)`. */
async function addEnded(
  storage: FileStorage,
  count: number,
  day = NOW,
  createdBy: string | null = null,
): Promise<Sync[]> {
  const syncs: Sync[] = []
  for (let n = 0; n < count; n++) {
    const sync = { ...aQueuedSync(), id: idAt(day.getTime() + n, ++made), createdBy }
    await storage.create(sync)
    const ended = cancelSync(sync, NOW, TTL_MS)
    await storage.replace(ended, 1)
    syncs.push(ended)
  }
  return syncs
}

async function idsIn(storage: FileStorage): Promise<string[]> {
  return (await storage.list({ pageSize: 1000 })).syncs.map(({ id }) => id)
}

function newestFirst(...syncs: readonly Sync[]): string[] {
  return syncs
    .map(({ id }) => id)
    .sort()
    .reverse()
}

function after(ms: number): Date {
  return new Date(NOW.getTime() + ms)
}

t.test('lines of today are plain, those of a day that is over are gzip members that zcat reads', async (t) => {
  const { open, history } = aFolder(t)
  const storage = await open()
  t.teardown(() => storage.close())
  const today = await addEnded(storage, 3)
  const earlier = await addEnded(storage, 50, after(-2 * DAY_MS))
  await storage.cleanup(after(TTL_MS))
  const files = async () => (await readdir(history)).filter((name) => name.includes('ndjson')).sort()
  t.same(await files(), [
    '2026-01-08.ndjson.gz',
    '2026-01-08.ndjson.gz.index',
    `${TODAY}.ndjson`,
    `${TODAY}.ndjson.index`,
  ])
  const linesOf = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id)
  t.same(
    linesOf(await readFile(`${history}/${TODAY}.ndjson`, 'utf8')).sort(),
    today.map(({ id }) => id),
  )
  const zcat = () => linesOf(execFileSync('zcat', [`${history}/2026-01-08.ndjson.gz`], { encoding: 'utf8' })).sort()
  t.same(
    zcat(),
    earlier.map(({ id }) => id),
  )
  const late = await addEnded(storage, 2, after(-2 * DAY_MS))
  const before = await readFile(`${history}/2026-01-08.ndjson.gz`)
  await storage.cleanup(after(TTL_MS))
  const grown = await readFile(`${history}/2026-01-08.ndjson.gz`)
  t.same(grown.subarray(0, before.length), before, 'what comes late is one more member')
  t.same(zcat(), newestFirst(...earlier, ...late).reverse())
  for (const sync of [...today, ...earlier, ...late]) t.same(await storage.get(sync.id), sync)

  const [gone] = earlier as [Sync]
  t.equal(await storage.remove(gone.id, gone.revision), true)
  await storage.cleanup(after(TTL_MS))
  t.same((await files()).slice(0, 2), ['2026-01-08.2.ndjson.gz', '2026-01-08.ndjson.gz.index'])
  const left = execFileSync('zcat', [`${history}/2026-01-08.2.ndjson.gz`], { encoding: 'utf8' })
  t.notMatch(left, gone.id, 'neither its line nor a tombstone is left')
  for (const sync of [...earlier.slice(1), ...late]) t.same(await storage.get(sync.id), sync)
  t.equal(await storage.get(gone.id), undefined)
})

for (const code of ['ENOSPC', 'EIO'] as const) {
  t.test(
    `${code} at every call of a sweep: each sync is found all the same, once, and the next sweep goes on`,
    async (t) => {
      for (const afterEffect of [false, true]) {
        let struck = true
        let nth = 1
        for (; struck; nth += 3) {
          const { open, said } = aFolder(t)
          const faulty = new FaultyFileSystem()
          const storage = await open({ fs: faulty.fs })
          const syncs = [...(await addEnded(storage, 2)), ...(await addEnded(storage, 2, after(-2 * DAY_MS)))]
          faulty.set({ code, nth, forEver: false, afterEffect } satisfies Fault)
          const failure = await storage.cleanup(after(TTL_MS)).then(
            () => undefined,
            (error: unknown) => error,
          )
          struck = faulty.struck
          faulty.set(undefined)
          if (failure !== undefined) t.match(failure, { code: /^STORAGE_/ })
          const check = async (instance: FileStorage, when: string) => {
            for (const sync of syncs) {
              const found = await instance.get(sync.id)
              if (found?.revision !== sync.revision)
                t.fail(`call ${nth}, ${when}: ${sync.id} is lost (${said.join('; ')})`)
            }
            const listed = await idsIn(instance)
            if (listed.join() !== newestFirst(...syncs).join()) t.fail(`call ${nth}, ${when}: listed are ${listed}`)
          }
          await check(storage, 'at once')
          await storage.cleanup(after(TTL_MS))
          await check(storage, 'after the next sweep')
          t.same(
            (await readdir(`${t.testdirName}/sync-status`)).filter((name) => name.endsWith('.json')),
            [],
          )
          await storage.close()
          const restarted = await open()
          await check(restarted, 'after a restart')
          await restarted.close()
          await rm(t.testdirName, { recursive: true })
        }
        t.ok(nth > 60, `${nth} calls`)
      }
    },
  )
}

t.test('a disk that stays full keeps the records, and the log says why', async (t) => {
  const { open, said, status } = aFolder(t)
  const faulty = new FaultyFileSystem()
  const storage = await open({ fs: faulty.fs })
  t.teardown(() => storage.close())
  const syncs = await addEnded(storage, 3)
  faulty.set({ code: 'ENOSPC', nth: 1, forEver: true, only: 'write' })
  await storage.cleanup(after(TTL_MS)).catch(() => {})
  t.match(said.join('\n'), /could not be moved to the history.*STORAGE_FULL/)
  t.equal((await readdir(status)).filter((name) => name.endsWith('.json')).length, 3)
  faulty.set(undefined)
  t.same(await idsIn(storage), newestFirst(...syncs))
  t.equal((await storage.cleanup(after(TTL_MS))).removed.length, 3)
})

t.test('a process that is killed before any call of a sweep loses nothing and doubles nothing', async (t) => {
  let killedAt = 1
  for (let wasKilled = true; wasKilled; killedAt += 3) {
    const { open } = aFolder(t)
    const first = await open()
    const syncs = [...(await addEnded(first, 2)), ...(await addEnded(first, 3, after(-2 * DAY_MS)))]
    await first.cleanup(after(TTL_MS - 1))
    const [deleted] = syncs as [Sync]
    await first.close()
    let calls = Number.NEGATIVE_INFINITY
    const killed = Promise.withResolvers<void>()
    const fs = dyingAt(() => ++calls === killedAt, killed.resolve)
    const victim = { self: `${killedAt}-1-victim`, isGone: () => false, isOfThisBoot: () => true }
    const dying = await open({ fs, processes: victim })
    calls = 0
    const life = (async () => {
      await dying.cleanup(after(TTL_MS))
      await dying.remove(syncs[4]?.id ?? '', 2)
      await dying.cleanup(after(TTL_MS))
    })()
    // What goes on without the disk has nobody to tell.
    life.catch(() => {})
    wasKilled = await Promise.race([life.then(() => false), killed.promise.then(() => true)])
    const isGone = (token: string) => token === victim.self
    const heir = await open({ fs: nodeFileSystem, processes: { self: 'heir-1-1', isGone, isOfThisBoot: () => true } })
    const check = async (when: string) => {
      const listed = await idsIn(heir)
      // The removal may have been carried out, or not.
      const certain = listed.filter((id) => id !== syncs[4]?.id)
      if (certain.join() !== newestFirst(...syncs.slice(0, 4)).join()) t.fail(`call ${killedAt}, ${when}: ${listed}`)
      for (const sync of syncs.slice(0, 4)) {
        if ((await heir.get(sync.id)) === undefined) t.fail(`call ${killedAt}, ${when}: ${sync.id} is lost`)
      }
      if (((await heir.get(syncs[4]?.id ?? '')) !== undefined) !== (listed.length === 5))
        t.fail(`${when}: list and get`)
    }
    await check('at once')
    await heir.cleanup(after(TTL_MS))
    await check('after a sweep')
    t.equal(await heir.remove(deleted.id, 2), true)
    await heir.cleanup(after(TTL_MS))
    t.equal(await heir.get(deleted.id), undefined)
    await heir.close()
    await rm(t.testdirName, { recursive: true })
  }
  t.ok(killedAt > 100, `${killedAt} calls`)
})

t.test('a torn last line is cut before the next append, and was never told', async (t) => {
  const { open, history } = aFolder(t)
  const storage = await open()
  t.teardown(() => storage.close())
  const first = await addEnded(storage, 2)
  await storage.cleanup(after(TTL_MS))
  const file = `${history}/${TODAY}.ndjson`
  const whole = await readFile(file, 'utf8')
  await appendFile(file, '{"format":4,"id":"sync-01')
  await appendFile(`${file}.index`, Buffer.alloc(30, 7))
  t.same(await idsIn(storage), newestFirst(...first))
  const second = await addEnded(storage, 1)
  await storage.cleanup(after(TTL_MS))
  const text = await readFile(file, 'utf8')
  t.ok(text.startsWith(whole))
  for (const line of text.trimEnd().split('\n')) JSON.parse(line)
  t.equal(text.trimEnd().split('\n').length, 3)
  t.same(await idsIn(await opened(t, open)), newestFirst(...first, ...second))
})

t.test('an index that is gone or damaged is made anew from the lines', async (t) => {
  const { open, history, said } = aFolder(t)
  const storage = await open()
  t.teardown(() => storage.close())
  const syncs = [...(await addEnded(storage, 4)), ...(await addEnded(storage, 40, after(-2 * DAY_MS)))]
  await storage.cleanup(after(TTL_MS))
  const indexes = [`${history}/${TODAY}.ndjson.index`, `${history}/2026-01-08.ndjson.gz.index`]
  const damages: ((path: string) => Promise<void>)[] = [
    (path) => unlink(path),
    (path) => writeFile(path, 'nonsense'),
    (path) => truncate(path, 70),
    async (path) => {
      const bytes = await readFile(path)
      await unlink(path)
      await writeFile(path, bytes.fill(0xaa, 64, 80))
    },
  ]
  for (const [n, damage] of damages.entries()) {
    for (const path of indexes) await damage(path)
    const instance = await opened(t, open)
    await instance.cleanup(after(TTL_MS))
    for (const sync of syncs) t.same(await instance.get(sync.id), sync, `damage ${n}`)
    t.same(await idsIn(instance), newestFirst(...syncs), `damage ${n}`)
    t.same(await idsIn(storage), newestFirst(...syncs), `damage ${n}, in a process that knew it`)
  }
  t.match(said.join('\n'), /made anew/)
})

t.test('a damaged gzip member is an error in the log, and nothing but its own syncs is missing', async (t) => {
  const { open, history, said } = aFolder(t)
  const storage = await open()
  t.teardown(() => storage.close())
  const [today, damaged, sound] = [
    await addEnded(storage, 2),
    await addEnded(storage, 20, after(-2 * DAY_MS)),
    await addEnded(storage, 20, after(-3 * DAY_MS)),
  ]
  await storage.cleanup(after(TTL_MS))
  const path = `${history}/2026-01-08.ndjson.gz`
  const bytes = await readFile(path)
  await writeFile(path, bytes.fill(0x55, 40, 400))
  const instance = await opened(t, open)
  t.same(await idsIn(instance), newestFirst(...today, ...sound))
  t.same(await idsIn(instance), newestFirst(...today, ...sound))
  await t.rejects(instance.get(damaged[0]?.id ?? ''), { code: 'STATUS_CORRUPT' })
  const told = said.filter((line) => line.includes('a part of the history cannot be read'))
  t.equal(told.length, 1, 'once')
  t.match(told[0], /2026-01-08\.ndjson\.gz/)
})

t.test('a day of a newer release is left as it is, and nothing is lost that would go there', async (t) => {
  const { open, history, said } = aFolder(t)
  const storage = await open()
  t.teardown(() => storage.close())
  const [old, other] = [await addEnded(storage, 2), await addEnded(storage, 2, after(-2 * DAY_MS))]
  await storage.cleanup(after(TTL_MS))
  const index = `${history}/${TODAY}.ndjson.index`
  const bytes = await readFile(index)
  bytes.writeUInt16LE(2, 8)
  await unlink(index)
  await writeFile(index, bytes)
  const instance = await opened(t, open)
  const more = await addEnded(instance, 1).catch(() => [])
  await t.rejects(instance.get(old[0]?.id ?? ''), { code: 'STATUS_FORMAT_NEWER' })
  await instance.cleanup(after(TTL_MS))
  t.same(await idsIn(instance), newestFirst(...more, ...other))
  t.same(await readFile(index), bytes)
  t.match(said.join('\n'), /newer release/)
})

t.test('a line of a newer release is neither listed nor changed', async (t) => {
  const { open, history } = aFolder(t)
  const storage = await open()
  t.teardown(() => storage.close())
  const [newer, sound] = (await addEnded(storage, 2)) as [Sync, Sync]
  await storage.cleanup(after(TTL_MS))
  const path = `${history}/${TODAY}.ndjson`
  const text = await readFile(path, 'utf8')
  const line = text.split('\n').find((each) => each.includes(newer.id)) ?? ''
  const changed = line.replace(`"format":${RECORD_FORMAT}`, `"format":${RECORD_FORMAT + 1}`)
  await writeFile(path, text.replace(line, changed))
  const instance = await opened(t, open)
  await t.rejects(instance.get(newer.id), { code: 'STATUS_FORMAT_NEWER' })
  t.same(await idsIn(instance), [sound.id])
})

t.test('beyond its bytes the oldest days go, and what the clock says does not hold up the rest', async (t) => {
  const { open, history } = aFolder(t)
  const storage = await open()
  t.teardown(() => storage.close())
  const days = [-9, -8, -7, 0, 400].map((n) => after(n * DAY_MS))
  const syncs = []
  for (const day of days) syncs.push(await addEnded(storage, 20, day))
  await storage.cleanup(after(TTL_MS))
  t.same(await idsIn(storage), newestFirst(...syncs.flat()), 'ids of a clock that was ahead too')
  const names = await readdir(history)
  const sizes = await Promise.all(
    names.filter((name) => name.includes('ndjson')).map((name) => stat(`${history}/${name}`)),
  )
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0)
  const small = await opened(t, () => open({ maxBytes: bytes - 1000 }))
  await small.cleanup(after(TTL_MS))
  t.same(await idsIn(small), newestFirst(...syncs.slice(1).flat()))
  await small.cleanup(after(10 * DAY_MS))
  t.same(await idsIn(small), [])
  t.same(
    (await readdir(history)).filter((name) => name.includes('ndjson')),
    [],
  )
})

t.test('two processes append in turn, and one that holds the lock and was killed holds up nobody', async (t) => {
  const { open, history } = aFolder(t)
  const [one, other] = [await opened(t, open), await opened(t, open)]
  const syncs: Sync[] = []
  for (let round = 0; round < 10; round++) {
    syncs.push(...(await addEnded(one, 5)))
    await Promise.all([one.cleanup(after(TTL_MS)), other.cleanup(after(TTL_MS))])
  }
  t.same(await idsIn(one), newestFirst(...syncs))
  t.same(await idsIn(other), newestFirst(...syncs))
  const lines = (await readFile(`${history}/${TODAY}.ndjson`, 'utf8')).trimEnd().split('\n')
  t.equal(lines.length, syncs.length, 'each has one line')
})

t.test('on Windows a file that somebody has open holds up the packing, and loses nothing', async (t) => {
  const { open, said } = aFolder(t)
  let isHeld = false
  const held = async () => {
    if (isHeld) throw Object.assign(new Error('EPERM: held'), { code: 'EPERM', syscall: 'rename' })
  }
  const fs = onWindows(
    {
      ...nodeFileSystem,
      rename: async (from, to) => {
        if (to.endsWith('.index')) await held()
        await nodeFileSystem.rename(from, to)
      },
      unlink: async (path) => {
        if (path.includes('sync-history/2')) await held()
        await nodeFileSystem.unlink(path)
      },
    },
    () => turn(),
  )
  const storage = await opened(t, () => open({ fs }))
  const syncs = await addEnded(storage, 10, after(-2 * DAY_MS))
  await storage.cleanup(after(TTL_MS))
  const late = await addEnded(storage, 2, after(-2 * DAY_MS))
  isHeld = true
  await storage.cleanup(after(TTL_MS))
  t.same(await idsIn(storage), newestFirst(...syncs, ...late))
  isHeld = false
  await storage.cleanup(after(TTL_MS))
  t.same(await idsIn(storage), newestFirst(...syncs, ...late))
  t.ok(said.length > 0)
})

async function opened(t: Test, open: () => Promise<FileStorage>): Promise<FileStorage> {
  const storage = await open()
  t.teardown(() => storage.close())
  return storage
}

/** The real disk for a process that stops for ever at the call that `dies` names, as one that was killed. */
function dyingAt(dies: () => boolean, onDeath: () => void): FileSystem {
  let isDead = false
  const around =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (!isDead && dies()) {
        isDead = true
        onDeath()
      }
      return isDead ? new Promise<R>(() => {}) : call(...args)
    }
  const { makeFolder, openNew, openToAppend, openToReplace, write, sync, close, read, truncate, link, rename } =
    nodeFileSystem
  return {
    ...nodeFileSystem,
    makeFolder: around(makeFolder),
    openNew: around(openNew),
    openToAppend: around(openToAppend),
    openToReplace: around(openToReplace),
    write: around(write),
    sync: around(sync),
    close: around(close),
    read: around(read),
    truncate: around(truncate),
    link: around(link),
    rename: around(rename),
    unlink: around(nodeFileSystem.unlink),
    syncFolder: around(nodeFileSystem.syncFolder),
  }
}
