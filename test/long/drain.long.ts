import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { toSyncRecord } from '../../src/model/sync-record.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { aDirectory, aServiceProcess, environmentFor } from '../support/service.ts'
import { aQueuedSync } from '../support/syncs.ts'

const RECORDS = 100_000

t.setTimeout(600_000)

t.test(`a service stops in time while it reads, or sweeps, ${RECORDS} records`, async (t) => {
  const directory = await aDirectory(t)
  await mkdir(`${directory}/sync-status`)
  const at = new Date('2026-01-01T00:00:00.000Z')
  // Without a promise for each, which take longer than the files.
  for (let written = 0; written < RECORDS; written += 1) {
    const sync = cancelSync(aQueuedSync({}, at), at, 1000)
    writeFileSync(`${directory}/sync-status/${sync.id}.json`, JSON.stringify(toSyncRecord(sync)))
  }
  for (const afterMs of [0, 3000, 12_000]) {
    const service = await aServiceProcess(t, environmentFor(directory))
    await delay(afterMs)
    const began = performance.now()
    t.equal(await service.end('SIGTERM'), 0)
    const tookMs = Math.round(performance.now() - began)
    t.ok(tookMs < 10_000, `${tookMs} ms, ${afterMs} ms after its start`)
  }
})
