import { writeSync } from 'node:fs'
import { AppError } from '../../src/errors.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { Random } from './simulation/random.ts'

/**
 * `node kill-writer.ts DIRECTORY SEED`: creates, replaces and removes syncs until it is killed. Each line on its output
 * is written at once: `+ id`, `= id revision durable` (or `passing`), `- id` once the call has resolved; `? id` before a removal is tried;
 * `! text` for what must never happen.
 */
const LOOPS = 6

const [directory = '', seed = '0'] = process.argv.slice(2)
const random = new Random(Number(seed))
// With the padding below some records are packed and some are not, and a sync goes from the one to the other.
const packAboveBytes = 1350
const storage = new FileStorage({ directory, clock: systemClock, log: silentLog, packAboveBytes })
await storage.start()
const ids = (await storage.list({ pageSize: 100 })).syncs.map(({ id }) => id)

function tell(line: string): void {
  writeSync(1, `${line}\n`)
}

async function act(): Promise<void> {
  if (ids.length < 4 || random.chance(0.2)) {
    const sync = aQueuedSync({ labels: { padding: 'x'.repeat(random.below(200)) } })
    await storage.create(sync)
    ids.push(sync.id)
    tell(`+ ${sync.id}`)
    return
  }
  // A few of the latest, so that the processes meet on them.
  const id = random.pick(ids.slice(-8))
  const sync = await storage.get(id)
  if (sync === undefined) {
    ids.splice(ids.indexOf(id), 1)
  } else if (random.chance(0.1)) {
    tell(`? ${id}`)
    if (await storage.remove(id, sync.revision)) tell(`- ${id}`)
  } else {
    const next = { ...sync, revision: sync.revision + 1, attempt: sync.attempt + 1 }
    const durable = random.chance(0.3)
    if (await storage.replace(next, sync.revision, { durable })) {
      tell(`= ${id} ${next.revision} ${durable ? 'durable' : 'passing'}`)
    }
  }
}

async function loop(): Promise<never> {
  for (;;) {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'STATUS_CORRUPT') tell(`! ${String(error)}`)
    }
  }
}
await Promise.all(Array.from({ length: LOOPS }, loop))
