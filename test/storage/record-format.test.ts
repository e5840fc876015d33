import { writeFile } from 'node:fs/promises'
import t from 'tap'
import type { Sync } from '../../src/model/sync.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { RECORD_FORMAT, toSyncRecord } from '../../src/model/sync-record.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { formatRecord, summarize, summarizeEnds } from '../../src/storage/files/record-format.ts'
import { cancelSync, claimSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testFolder } from '../support/test-folder.ts'

const NOW = new Date()
const DAY_MS = 86_400_000
const queued = aQueuedSync({
  webhook: { url: 'https://example.com/hook' },
  labels: { odd: '\n  "webhook": {},\n  "request": ' },
})
const SYNCS: readonly Sync[] = [queued, claimSync(queued, 'an owner', NOW), cancelSync(queued, NOW, DAY_MS)]

t.test('both ends of a record say what the whole of it says', async (t) => {
  for (const sync of SYNCS) {
    const bytes = await formatRecord(sync, Number.POSITIVE_INFINITY)
    const whole = await summarize(sync.id, bytes)
    t.not(whole, 'newer format')
    t.same(summarizeEnds(sync.id, bytes), whole, sync.state)
  }
})

t.test('ends that do not say it are no summary: the record is then read as a whole', async (t) => {
  const [sync] = SYNCS as [Sync]
  const record = toSyncRecord(sync)
  const text = JSON.stringify(record, null, 2)
  const reordered = Object.fromEntries(Object.entries(record).reverse())
  const zeros = Buffer.from(text)
  zeros.fill(0, text.indexOf('"progress"'), text.indexOf('"progress"') + 20)
  const refused: Record<string, string | Buffer> = {
    'on one line': JSON.stringify(record),
    'with tabs': JSON.stringify(record, null, '\t'),
    'in another order': JSON.stringify(reordered, null, 2),
    'within another object': `{"a":\n${text}}`,
    'cut off': text.slice(0, -3),
    'with more after it': `${text}}`,
    'zeros that a power cut left': zeros,
    packed: await formatRecord(sync, 0),
    newer: JSON.stringify({ ...record, format: RECORD_FORMAT + 1 }, null, 2),
    'of another sync': JSON.stringify({ ...record, id: newSyncId() }, null, 2),
    'in no such state': text.replace(`"state": "${sync.state}"`, '"state": "succeeded"'),
    empty: '',
  }
  for (const [what, content] of Object.entries(refused)) {
    t.equal(summarizeEnds(sync.id, Buffer.from(content)), undefined, what)
  }
})

t.test('a state that stands where the ends do not look is found all the same', async (t) => {
  const directory = testFolder(t)
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
  await storage.start()
  const [, running, ended] = SYNCS as [Sync, Sync, Sync]
  // As somebody's editor may have laid it out: a part of the record that looks like its beginning.
  const { id, state, ...rest } = toSyncRecord(running)
  const odd = `{"labels": {},\n  "spreadsheet": ${JSON.stringify(rest.spreadsheet)},\n${JSON.stringify({ ...rest, id, state }).slice(1)}`
  await writeFile(`${directory}/${id}.json`, odd)
  const other = { ...ended, id: newSyncId() }
  await writeFile(`${directory}/${other.id}.json`, JSON.stringify(other, null, 2))
  const { syncs } = await storage.list({ states: ['running'], pageSize: 10 })
  t.same(
    syncs.map((sync) => sync.id),
    [id],
  )
  const { syncs: cancelled } = await storage.list({
    states: ['cancelled'],
    spreadsheetId: other.spreadsheet.id,
    pageSize: 10,
  })
  t.same(
    cancelled.map((sync) => sync.id),
    [other.id],
  )
  await storage.close()
})

t.test('a record with zeros in its middle is set aside', async (t) => {
  const directory = testFolder(t)
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
  await storage.start()
  const [sync] = SYNCS as [Sync]
  const bytes = await formatRecord(sync, Number.POSITIVE_INFINITY)
  const middle = Math.floor(bytes.length / 2)
  bytes.fill(0, middle, middle + 100)
  await writeFile(`${directory}/${sync.id}.json`, bytes)
  t.same((await storage.cleanup(NOW)).quarantined, [`${sync.id}.json`])
  await t.rejects(storage.get(sync.id), { code: 'STATUS_CORRUPT' })
  await storage.close()
})
