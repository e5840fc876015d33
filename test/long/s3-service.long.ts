import { readdir } from 'node:fs/promises'
import t from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { anS3Server, S3_CREDENTIALS } from '../support/s3-server.ts'
import {
  aDirectory,
  anEmulator,
  aService,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  startSync,
} from '../support/service.ts'

const SPREADSHEET = '1Bucket-0123456789_abcdefghijklmnopqrstuvwxy'

t.test('rows that one instance put into a bucket are answered by another instance on the same bucket', async (t) => {
  const server = await anS3Server(t)
  const tab = syntheticTab({ gid: 0, title: 'Many', rows: 20_000, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, { workbooks: [{ id: SPREADSHEET, title: 'Shared', tabs: [tab] }] })
  const place = { SNAPSHOT_URL: 's3://snapshots/team/sheets', AWS_ENDPOINT_URL_S3: server.url }
  const writer = await aServiceProcess(t, {
    ...environmentFor(await aDirectory(t)),
    ...place,
    ...S3_CREDENTIALS,
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
  })
  // It has a status folder of its own and no way to Google: all it can answer from is the bucket.
  const reader = await aService(t, { ...place, GOOGLE_API_ROOT_URL: 'http://127.0.0.1:9' })
  const { id } = await startSync(writer.url, { spreadsheet: SPREADSHEET, formats: ['json', 'ndjson', 'csv'] })
  const sync = await pollUntil(writer.url, id, finished)
  t.equal(sync.state, 'succeeded')
  let compared = 0
  for (const tab of sync.tabs) {
    for (const { format, bytes } of tab.files) {
      const path = `/spreadsheets/${SPREADSHEET}/tabs/gid:${tab.gid}?format=${format}`
      const [told, read] = await Promise.all([fetch(`${writer.url}${path}`), fetch(`${reader.url}${path}`)])
      t.equal(read.status, 200)
      const text = await read.text()
      t.equal(text, await told.text())
      t.equal(Buffer.byteLength(text), bytes)
      const part = await fetch(`${reader.url}${path}`, { headers: { range: 'bytes=3-12' } })
      t.equal(part.status, 206)
      t.equal(await part.text(), Buffer.from(text).subarray(3, 13).toString())
      compared += 1
    }
  }
  t.ok(compared >= 3, `${compared} files were compared`)
  t.notOk((await readdir(reader.directory)).includes('snapshots'), 'no folder of snapshots was made')
  t.notMatch(writer.output(), new RegExp(S3_CREDENTIALS.AWS_SECRET_ACCESS_KEY))
})

t.test('a service that is stopped while it publishes ends in time, and publishes after its next start', async (t) => {
  const server = await anS3Server(t)
  const tabs = Array.from({ length: 30 }, (_, gid) =>
    syntheticTab({ gid, title: `Tab ${gid}`, rows: 2000, columns: 10, kind: 'mixed' }),
  )
  const emulator = await anEmulator(t, { workbooks: [{ id: SPREADSHEET, title: 'Many', tabs }] })
  const environment = {
    ...environmentFor(await aDirectory(t)),
    ...S3_CREDENTIALS,
    SNAPSHOT_URL: 's3://snapshots/stopped',
    AWS_ENDPOINT_URL_S3: server.url,
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
  }
  const first = await aServiceProcess(t, environment)
  const { id } = await startSync(first.url, { spreadsheet: SPREADSHEET, formats: ['json', 'ndjson', 'csv'] })
  await pollUntil(first.url, id, ({ progress }) => progress.phase === 'publishing')
  const began = performance.now()
  t.equal(await first.end('SIGTERM'), 0)
  const tookMs = Math.round(performance.now() - began)
  t.ok(tookMs < 10_000, `${tookMs} ms`)
  t.match(first.output(), /"msg":"sync interrupted"/)
  const calls = emulator.count('values.batchGet')
  const second = await aServiceProcess(t, environment)
  const sync = await pollUntil(second.url, id, finished)
  t.match(sync, { state: 'succeeded', attempt: 2, tabs: { length: 30 } })
  t.equal(emulator.count('values.batchGet'), calls, 'nothing is read again')
  const rows = await fetch(`${second.url}/spreadsheets/${SPREADSHEET}/tabs/gid:29`)
  t.equal(((await rows.json()) as unknown[]).length, 1999)
})
