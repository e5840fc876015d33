import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import type { Test } from 'tap'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'
import { AppError } from '../../src/errors.ts'
import type { Sync } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { cancelSync, claimSync, reportSync } from '../../src/syncs/sync.ts'
import { claimDelivery, type Deliverable } from '../../src/syncs/webhook-delivery.ts'
import { systemClock } from '../../src/system-clock.ts'
import { type Fault, FaultyFileSystem } from '../support/faulty-file-system.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const LATER = new Date('2026-01-01T01:00:00.000Z')
/** What a record may be, after a call that may have failed: one of these, whole. */
type Possible = (Sync | undefined)[]

/**
 * Fails the 1st, the 2nd … call of one and the same life of a storage, until a life has fewer calls than that. `disk` makes
 * the disk that fails, for the folder of a life. `step`: only so manieth call.
 */
export async function failEachCall(
  t: Test,
  kind: Omit<Fault, 'nth'>,
  disk = (_: string) => nodeFileSystem,
  step = 1,
): Promise<void> {
  const filesAtStart = await openFiles()
  const root = await aFolder(t)
  let nth = 1
  for (let struck = true; struck; nth += step) {
    const directory = `${root}/${nth}`
    await mkdir(directory)
    const fs = disk(directory)
    const faulty = new FaultyFileSystem(fs)
    const storage = new FileStorage({ directory, clock: systemClock, log: silentLog, fs: faulty.fs })
    await storage.start()
    const possible = new Map<string, Possible>()
    const old = await before(storage, possible)
    faulty.set({ ...kind, nth })
    await live(storage, old, possible)
    struck = faulty.struck
    faulty.set(undefined)
    await checkRecords(`call ${nth}`, storage, possible)
    await checkRecovery(`call ${nth}`, storage, directory)
    const restarted = new FileStorage({ directory, clock: systemClock, log: silentLog, fs })
    await restarted.start()
    await checkRecords(`call ${nth}, restarted`, restarted, possible)
    await restarted.close()
    await storage.close()
    await rm(directory, { recursive: true })
  }
  t.ok(
    nth > (kind.code === 'short write' ? 5 : kind.code === 'EMFILE' ? 15 : 40),
    `${nth - 2} calls were failed, one in each life`,
  )
  t.equal(await openFiles(), filesAtStart, 'no file is left open')
}

/** In memory where the system has such a folder: several hundred lives would keep a disk busy for long. */
async function aFolder(t: Test): Promise<string> {
  if (!existsSync('/dev/shm')) return testFolder(t)
  const folder = await mkdtemp('/dev/shm/sheetsync-faults-')
  t.teardown(() => rm(folder, { recursive: true }))
  return folder
}

interface Old {
  readonly running: Sync
  readonly finished: Sync
  readonly expired: Sync
  readonly told: Deliverable
}

/** What was stored while all was well. */
async function before(storage: FileStorage, possible: Map<string, Possible>): Promise<Old> {
  const [first, second, third] = [aQueuedSync(), aQueuedSync(), aQueuedSync()]
  const fourth = aQueuedSync({ webhook: { url: 'https://example.com/' } })
  for (const sync of [first, second, third, fourth]) await storage.create(sync)
  const old = {
    running: claimSync(first, 'an owner', NOW),
    finished: cancelSync(second, NOW, 86_400_000),
    expired: cancelSync(third, NOW, 1000),
    told: cancelSync(fourth, NOW, 1000) as Deliverable,
  }
  for (const sync of Object.values(old)) {
    await storage.replace(sync, 1)
    possible.set(sync.id, [sync])
  }
  return old
}

/** Every kind of call, while the fault strikes. */
async function live(storage: FileStorage, old: Old, possible: Map<string, Possible>): Promise<void> {
  const created = aQueuedSync()
  await outcomeOf(possible, created.id, created, storage.create(created))
  let running = old.running
  for (const durable of [true, false, false]) {
    const next = reportSync(running, { progress: { percent: running.progress.percent + 10 } }, NOW)
    if (await outcomeOf(possible, next.id, next, storage.replace(next, running.revision, { durable }))) running = next
    else break
  }
  const claimed = claimDelivery(old.told, NOW, 1000)
  await outcomeOf(possible, claimed.id, claimed, storage.replace(claimed, old.told.revision))
  await honest(storage.list({ webhook: 'pending', pageSize: 10 }))
  await outcomeOf(possible, old.finished.id, undefined, storage.remove(old.finished.id, old.finished.revision))
  await honest(storage.get(old.running.id))
  await honest(storage.list({ pageSize: 10 }))
  await honest(storage.checkWritable())
  possible.set(old.expired.id, [old.expired, undefined])
  await honest(storage.cleanup(LATER))
}

/** Notes what the record may be, given how the call ended; resolves to whether it succeeded. */
async function outcomeOf(
  possible: Map<string, Possible>,
  id: string,
  next: Sync | undefined,
  call: Promise<unknown>,
): Promise<boolean> {
  const succeeded = await honest(call)
  possible.set(id, succeeded ? [next] : [...(possible.get(id) ?? [undefined]), next])
  return succeeded
}

/** Whether the call succeeded; any failure but one that says what is wrong with the disk fails the test. */
async function honest(call: Promise<unknown>): Promise<boolean> {
  try {
    return (await call) !== false
  } catch (error) {
    if (error instanceof AppError && /^STORAGE_(?:UNAVAILABLE|BUSY|FULL)$/.test(error.code)) return false
    throw error
  }
}

async function checkRecords(when: string, storage: FileStorage, possible: Map<string, Possible>): Promise<void> {
  for (const [id, states] of possible) {
    const found = JSON.stringify(await storage.get(id))
    if (!states.some((state) => JSON.stringify(state) === found)) {
      throw new Error(`${when}: ${id} is ${found}, which it was never told to be`)
    }
  }
}

/** The same instance works again at once, and its next sweep leaves nothing behind. */
async function checkRecovery(when: string, storage: FileStorage, directory: string): Promise<void> {
  const sync = aQueuedSync()
  await storage.create(sync)
  const next = claimSync(sync, 'an owner', NOW)
  if (!(await storage.replace(next, 1))) throw new Error(`${when}: nothing can be replaced any more`)
  const listed = (await storage.list({ pageSize: 100 })).syncs.map(({ id }) => id)
  const stored = (await readdir(directory)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5))
  if (!listed.includes(sync.id)) throw new Error(`${when}: what is created is not listed`)
  if (stored.filter((id) => !listed.includes(id)).length > 1) throw new Error(`${when}: the list leaves out ${stored}`)
  const { quarantined } = await storage.cleanup(LATER)
  if (quarantined.length > 0) throw new Error(`${when}: ${quarantined} was unreadable`)
  await storage.remove(sync.id, 2)
  await storage.cleanup(LATER)
  for (const folder of ['.tmp', '.leases', 'quarantine']) {
    const left = await readdir(`${directory}/${folder}`)
    if (left.length > 0) throw new Error(`${when}: ${folder} still holds ${left}`)
  }
}

async function openFiles(): Promise<number> {
  return (await readdir('/dev/fd')).length
}
