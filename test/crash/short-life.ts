import { AppError } from '../../src/errors.ts'
import type { Sync } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { cancelSync, claimSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'

/**
 * `node short-life.ts DIRECTORY`: lives through a few calls on a disk that fails now and then, and ends with 0 if each of
 * them left the old or the new state, and said so.
 */
const [directory = ''] = process.argv.slice(2)
const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })

async function succeeds(call: () => Promise<unknown>): Promise<boolean> {
  try {
    return (await call()) !== false
  } catch (error) {
    if (error instanceof AppError && error.status === 503) return false
    throw error
  }
}

/** What a disk that fails now and then does at last. */
async function sooner<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call()
    } catch (error) {
      if (tries === 20 || !(error instanceof AppError) || error.status !== 503) throw error
    }
  }
}

async function expectOneOf(id: string, ...states: (Sync | undefined)[]): Promise<Sync | undefined> {
  const found = await sooner(() => storage.get(id))
  if (!states.some((state) => state?.revision === found?.revision)) {
    throw new Error(`${id} is at ${found?.revision}, not at ${states.map((state) => state?.revision)}`)
  }
  return found
}

await sooner(() => storage.start())
for (let n = 0; n < 8; n++) {
  const sync = aQueuedSync()
  const created = await succeeds(() => storage.create(sync))
  let current = await expectOneOf(sync.id, sync, ...(created ? [] : [undefined]))
  if (current === undefined) continue
  const running = claimSync(current, 'an owner', new Date())
  const claimed = await succeeds(() => storage.replace(running, 1, { durable: n % 2 === 0 }))
  current = await expectOneOf(sync.id, running, ...(claimed ? [] : [sync]))
  if (current === undefined) continue
  const ended = cancelSync(current, new Date(), 300_000)
  const replaced = await succeeds(() => storage.replace(ended, ended.revision - 1))
  current = await expectOneOf(sync.id, ended, ...(replaced ? [] : [current]))
  if (n % 2 === 0 && current !== undefined) {
    const { revision } = current
    const removed = await succeeds(() => storage.remove(sync.id, revision))
    await expectOneOf(sync.id, undefined, ...(removed ? [] : [current]))
  }
}
const { quarantined } = await sooner(() => storage.cleanup(new Date()))
if (quarantined.length > 0) throw new Error(`${quarantined} was unreadable`)
await sooner(() => storage.create(aQueuedSync()))
await storage.close()
