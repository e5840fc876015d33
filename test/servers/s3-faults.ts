import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import t from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { manifestOf, publishedText, publishFiles, SPREADSHEET, stagedText } from '../snapshots/manifests.ts'
import { anS3Store } from '../snapshots/s3-stores.ts'
import { anS3Server } from '../support/s3-server.ts'

const aKey = () => ({ spreadsheetId: SPREADSHEET, syncId: newSyncId(), epoch: 1 })

for (const fault of ['stopped', 'hung'] as const) {
  t.test(
    `while the S3 server is ${fault} every call fails within its bound, and all works again afterwards`,
    async (t) => {
      const server = await anS3Server(t)
      const store = await anS3Store(t, server.url, { requestTimeoutMs: 300 })
      const manifest = await publishFiles(store, { 'a.csv': 'one' })
      const key = aKey()
      const draft = await store.openDraft(key)
      await draft.append('a.csv', Buffer.from('1'))
      const next = await manifestOf(draft, key.syncId, ['a.csv'])
      if (fault === 'stopped') await server.stop()
      else server.signal('SIGSTOP')
      const file = { ...key, syncId: manifest.syncId, name: 'a.csv' }
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        find: () => store.find(SPREADSHEET, manifest.syncId),
        list: () => store.list(SPREADSHEET),
        openFile: () => store.openFile(file),
        openDraft: () => store.openDraft(aKey()),
        sweepDrafts: () => store.sweepDrafts(async () => true),
        publish: () => draft.publish(next),
      }
      for (const [name, call] of Object.entries(calls)) {
        const began = performance.now()
        await t.rejects(call() as Promise<void>, { code: 'STORAGE_UNAVAILABLE' }, name)
        t.ok(performance.now() - began < 5000, `${name} ended in ${(performance.now() - began).toFixed()} ms`)
      }
      if (fault === 'stopped') await server.restart()
      else server.signal('SIGCONT')
      await draft.publish(next)
      t.equal(await publishedText(store, next, 'a.csv'), '1')
      t.equal(await publishedText(store, manifest, 'a.csv'), 'one')
    },
  )
}

t.test('a publication to a server that hangs is given up at once when it is aborted', async (t) => {
  const server = await anS3Server(t)
  const store = await anS3Store(t, server.url)
  const key = aKey()
  const stop = new AbortController()
  const draft = await store.openDraft(key, stop.signal)
  for (let n = 0; n < 5; n++) await draft.append('a.csv', Buffer.alloc(8_000_000, 'x'))
  await draft.saveCheckpoint('saved')
  const manifest = await manifestOf(draft, key.syncId, ['a.csv'])
  const sent = new Promise<void>((resolve) => {
    channel('http.client.request.start').subscribe((message) => {
      const { request } = message as { request: { method: string } }
      if (request.method === 'PUT') resolve()
    })
  })
  const publishing = draft.publish(manifest)
  await sent
  server.signal('SIGSTOP')
  const reason = new Error('the service stops')
  const began = performance.now()
  stop.abort(reason)
  await t.rejects(publishing, reason)
  await draft.close()
  t.ok(performance.now() - began < 1000, `${Math.round(performance.now() - began)} ms`)
  server.signal('SIGCONT')
  const next = await store.openDraft({ ...key, epoch: 2 })
  t.match(next, { published: undefined, checkpoint: 'saved' })
  await next.publish(manifest)
  t.equal((await publishedText(store, manifest, 'a.csv'))?.length, 40_000_000)
})

t.test('a body that stops coming is an error within the bound, and not the end of the file', async (t) => {
  const server = await anS3Server(t)
  const store = await anS3Store(t, server.url, { requestTimeoutMs: 500 })
  const manifest = await publishFiles(store, { 'a.csv': 'x'.repeat(30_000_000) })
  const content = await store.openFile({ spreadsheetId: SPREADSHEET, syncId: manifest.syncId, name: 'a.csv' })
  if (content === undefined) return t.fail('nothing was published')
  await once(content, 'readable')
  server.signal('SIGSTOP')
  await t.rejects(buffer(content), { code: 'STORAGE_UNAVAILABLE' })
  server.signal('SIGCONT')
})

t.test('a reader may pause for longer than a request may take', async (t) => {
  const server = await anS3Server(t)
  const store = await anS3Store(t, server.url, { requestTimeoutMs: 500 })
  const manifest = await publishFiles(store, { 'a.csv': 'x'.repeat(30_000_000) })
  const content = await store.openFile({ spreadsheetId: SPREADSHEET, syncId: manifest.syncId, name: 'a.csv' })
  if (content === undefined) return t.fail('nothing was published')
  await once(content, 'readable')
  await delay(1500)
  t.equal((await buffer(content)).length, 30_000_000)
})

t.test('refused credentials and a missing bucket are told with a hint and without a secret', async (t) => {
  const server = await anS3Server(t)
  await t.rejects(anS3Store(t, server.url, { bucket: 'another' }), { code: 'STORAGE_UNAVAILABLE', hint: /Create/ })
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'CANARYKEY', AWS_SECRET_ACCESS_KEY: 'canary-secret' })
  t.teardown(() => Object.assign(process.env, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }))
  const error = await anS3Store(t, server.url).catch((error: unknown) => error)
  t.match(error, { code: 'STORAGE_UNAVAILABLE', hint: /credentials/ })
  t.notMatch(inspect(error, { depth: 9, showHidden: true }), /canary/i)
})

t.test('a damaged record is an error, not absent; a file cut off or gone is told as corrupt', async (t) => {
  const server = await anS3Server(t)
  const prefix = 'p'
  const store = await anS3Store(t, server.url, { prefix })
  const manifest = await publishFiles(store, { 'a.csv': 'one two', 'b.csv': 'three' })
  const { syncId } = manifest
  const folder = join(server.directory, 'snapshots', prefix, 'files', syncId)
  const [owner = ''] = await readdir(folder)
  await truncate(join(folder, owner, 'a.csv._S3rver_object'), 3)
  await rm(join(folder, owner, 'b.csv._S3rver_object'))
  for (const name of ['a.csv', 'b.csv']) {
    await t.rejects(store.openFile({ spreadsheetId: SPREADSHEET, syncId, name }), { code: 'SNAPSHOT_CORRUPT' })
  }
  const records = join(server.directory, 'snapshots', prefix, 'snapshots', SPREADSHEET)
  await writeFile(join(records, `${syncId}.json._S3rver_object`), '{"version":1')
  await writeFile(join(records, `${syncId}.json._S3rver_object.md5`), 'f'.repeat(32))
  const whole = await publishFiles(store, { 'a.csv': 'one' })
  const other = await anS3Store(t, server.url, { prefix })
  await t.rejects(other.find(SPREADSHEET, syncId), { code: 'SNAPSHOT_CORRUPT' })
  t.strictSame(await other.list(SPREADSHEET), [whole])
})

t.test('a checkpoint whose bytes are gone counts as none', async (t) => {
  const server = await anS3Server(t)
  const prefix = 'p'
  const store = await anS3Store(t, server.url, { prefix })
  const key = aKey()
  const draft = await store.openDraft(key)
  await draft.append('a.csv', Buffer.from('1'))
  await draft.saveCheckpoint(1)
  await draft.close()
  const drafts = join(server.directory, 'snapshots', prefix, 'drafts', key.syncId)
  const packs = (await readdir(drafts)).filter((name) => /\.1\._S3rver_object$/.test(name))
  t.equal(packs.length, 1)
  for (const pack of packs) await rm(join(drafts, pack))
  const later = await store.openDraft({ ...key, epoch: 2 })
  t.equal(later.checkpoint, undefined)
  await later.append('a.csv', Buffer.from('new'))
  t.equal(await stagedText(later, 'a.csv'), 'new')
})

t.test('a block and its checkpoint cost two requests, however many files it writes', async (t) => {
  const server = await anS3Server(t)
  const store = await anS3Store(t, server.url)
  const draft = await store.openDraft(aKey())
  let requests = 0
  const count = () => {
    requests += 1
  }
  channel('http.client.request.start').subscribe(count)
  t.teardown(() => channel('http.client.request.start').unsubscribe(count))
  for (let block = 0; block < 10; block += 1) {
    await Promise.all(['a.csv', 'a.json', 'a.ndjson'].map((name) => draft.append(name, Buffer.alloc(700_000))))
    await draft.saveCheckpoint(block)
  }
  t.equal(requests, 20)
  await draft.discard()
})

t.test('when all has ended the bucket holds the records and files of snapshots, and nothing else', async (t) => {
  const server = await anS3Server(t)
  const prefix = 'p'
  const store = await anS3Store(t, server.url, { prefix, kept: 1 })
  const [published, pruned] = [newSyncId(), newSyncId()]
  await publishFiles(store, { 'a.csv': 'old' }, { syncId: pruned, publishedAt: '2025-01-01T00:00:00Z' })
  await publishFiles(store, { 'a.csv': 'new' }, { syncId: published })
  t.strictSame(await store.prune(SPREADSHEET), [pruned])
  const dead = await store.openDraft(aKey())
  await dead.append('a.csv', Buffer.from('1'))
  await dead.saveCheckpoint(1)
  const key = aKey()
  const zombie = await store.openDraft(key)
  await zombie.append('a.csv', Buffer.from('1'))
  const owner = await store.openDraft({ ...key, epoch: 2 })
  await owner.discard()
  t.equal(await store.sweepDrafts(async () => false), 1)
  // A zombie that still writes once all was swept is swept in turn.
  await zombie.saveCheckpoint(1).catch(() => undefined)
  await store.sweepDrafts(async () => false)
  const left = (await readdir(join(server.directory, 'snapshots'), { recursive: true }))
    .filter((name) => name.endsWith('._S3rver_object'))
    .map((name) => name.replace(/\/[0-9a-f-]{36}\//, '/OWNER/').replace('._S3rver_object', ''))
  t.strictSame(left.sort(), [
    `${prefix}/conditional-writes`,
    `${prefix}/files/${published}/OWNER/a.csv`,
    `${prefix}/snapshots/${SPREADSHEET}/${published}.json`,
  ])
})

t.test('a bucket that turns every request away ends in an error too', async (t) => {
  let requests = 0
  const server = createServer((_, answer) => {
    requests += 1
    answer.writeHead(503, { 'content-type': 'application/xml' }).end('<Error><Code>SlowDown</Code></Error>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await t.rejects(anS3Store(t, url), { code: 'STORAGE_UNAVAILABLE' })
  t.equal(requests, 3, 'a request is tried three times')
})

t.test('a publication whose answer is lost on the way is published once, and told as such', async (t) => {
  const server = await anS3Server(t)
  let lost = 0
  const proxy = createServer((incoming, answer) => {
    const { method = 'GET', headers, url = '/' } = incoming
    const outgoing = request(`${server.url}${url}`, { method, headers }, (found) => {
      const isRecord = method === 'PUT' && headers['if-match'] !== undefined
      if (!isRecord || lost > 0) {
        answer.writeHead(found.statusCode ?? 500, found.headers)
        found.pipe(answer)
        return
      }
      lost += 1
      found.resume().once('end', () => incoming.socket.destroy())
    })
    incoming.pipe(outgoing)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const store = await anS3Store(t, `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  const manifest = await publishFiles(store, { 'a.csv': 'one' })
  t.equal(lost, 1, 'the store did publish, and nobody was told')
  t.strictSame(await store.list(SPREADSHEET), [manifest])
  t.equal(await publishedText(store, manifest, 'a.csv'), 'one')
})
