import t from 'tap'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { anS3Store } from '../snapshots/s3-stores.ts'
import { anS3Server } from '../support/s3-server.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { callsOf } from './downloads.ts'
import { aDownloaderOf, aroundRewrites, FORMATS, filesAsText, WIDE_LATE } from './rewritten-downloads.ts'

t.test(
  'whoever dies or is stopped while a file is written once more publishes nothing, and the next one all',
  async (t) => {
    const server = await anS3Server(t)
    for (const medium of ['disk', 'bucket']) {
      const whole = await aDownloaderOf(t, WIDE_LATE, { tuning: callsOf(30) })
      await whole.run({ formats: FORMATS })
      const wanted = await filesAsText(t, whole.snapshots)
      t.match(wanted[1], /^{"a":0,"b":"x","C":null,"D":null}\n/)

      const s3 = await anS3Store(t, server.url)
      const underWay = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      let isFirst = true
      const aroundSnapshots = (local: SnapshotStore) =>
        aroundRewrites((draft, name, content) => {
          if (!isFirst || name !== 'tab-0.json') return draft.rewrite(name, content)
          isFirst = false
          const cutOff = async function* () {
            for await (const piece of content) {
              yield piece.subarray(0, piece.length / 2)
              underWay.resolve()
              await goOn.promise
              yield piece.subarray(piece.length / 2)
            }
          }
          return draft.rewrite(name, cutOff())
        })(medium === 'disk' ? local : s3)
      const downloader = await aDownloaderOf(t, WIDE_LATE, { tuning: callsOf(30), aroundSnapshots })
      const sync = claimSync(aQueuedSync({ spreadsheet: 'book', formats: FORMATS }), 'a test', new Date())
      const zombie = downloader.run({}, { sync })
      await underWay.promise
      t.equal((await downloader.snapshots.list('book')).length, 0)
      await downloader.run({}, { sync: downloader.claimedAgain(sync) })
      t.strictSame(await filesAsText(t, downloader.snapshots), wanted, `on ${medium}`)
      goOn.resolve()
      await t.rejects(zombie, { message: /stopped: superseded/ })
      t.strictSame(await filesAsText(t, downloader.snapshots), wanted, `on ${medium}, after its earlier owner woke`)
    }
  },
)
