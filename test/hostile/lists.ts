import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aDirectory } from '../support/service.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { aConfinedService } from './support/confined-service.ts'
import { longestLoopMs, slowestWhile } from './support/slowest-answer.ts'

const RECORDS = 1000
const LISTS = 20

t.test(
  `${LISTS} lists at once of ${RECORDS} records of 64 kB neither fill the memory nor hold up others`,
  async (t) => {
    const directory = `${await aDirectory(t)}/sync-status`
    const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
    await storage.start()
    const tabs = Array.from({ length: 300 }, (_, n) => `${'a long title '.repeat(15)}${n}`)
    for (let made = 0; made < RECORDS; made += 50) {
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const sync = aQueuedSync({ tabs })
          await storage.create(cancelSync(sync, new Date(), 3_600_000))
        }),
      )
    }
    await storage.close()
    const service = await aConfinedService(t, { environment: { STORAGE_URL: `file:${directory}` } })
    const before = await service.memoryMb()
    service.resetPeak()
    const pages: ArrayBuffer[] = []
    const idle = await slowestWhile(service.url, () => delay(1000))
    await longestLoopMs(service.url)
    const slowest = await slowestWhile(service.url, async () => {
      const list = async () => (await fetch(`${service.url}/syncs?pageSize=1000`)).arrayBuffer()
      pages.push(...(await Promise.all(Array.from({ length: LISTS }, list))))
    })
    for (const page of pages) {
      const { syncs, nextPageToken } = JSON.parse(Buffer.from(page).toString())
      t.ok(syncs.length > 40 && nextPageToken !== null)
    }
    const peak = await service.peakMb()
    t.comment(
      `${LISTS} lists, ${Math.round(pages.reduce((sum, { byteLength }) => sum + byteLength, 0) / 1e6)} MB sent: ${Math.round(before)} MB before, peak ${Math.round(peak)} MB; slowest /livez ${Math.round(slowest)} ms, ${Math.round(idle)} ms when idle; the loop was held for ${await longestLoopMs(service.url)} ms at most`,
    )
    t.ok(service.isAlive)
    t.ok(peak < 350, `${peak} MB`)
  },
)
