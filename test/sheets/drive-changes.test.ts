import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { Emulator, EmulatorOptions } from '../../emulator/emulator.ts'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { AppError } from '../../src/errors.ts'
import { redact } from '../../src/redaction.ts'
import { DriveChanges } from '../../src/sheets/drive-changes.ts'
import { GoogleApi } from '../../src/sheets/google-api.ts'
import { readCredentialFile } from '../../src/sheets/google-credential.ts'
import { systemClock } from '../../src/system-clock.ts'
import { anEmulator } from '../support/service.ts'
import { testFolder } from '../support/test-folder.ts'

const tabs = [tabFromRows(0, 'One', [['a']])]
const workbooks = [
  { id: 'mine', title: 'Mine', tabs },
  { id: 'team', title: 'Team', tabs, driveId: 'drive-1' },
  { id: 'link', title: 'Link', tabs, isOpenByLink: true },
]
const never = new AbortController().signal
const edit = (emulator: Emulator, id: string) => emulator.setCell(id, 0, 0, 0, Math.random())

/** Google's own client of an emulator; pauses between tries take no time. */
async function aFeed(t: Test, options: EmulatorOptions = {}, google: { apiKey?: string; isSigned?: boolean } = {}) {
  const emulator = await anEmulator(t, { workbooks, ...options })
  const credentials = JSON.stringify(emulator.userCredentials())
  const path = `${testFolder(t, { 'key.json': credentials })}/key.json`
  const file = google.isSigned ? await readCredentialFile(path) : undefined
  const { apiKey } = google
  const clock = { ...systemClock, sleep: async () => true }
  const results: string[] = []
  const metrics = { googleCall: (kind: string, result: string) => void results.push(`${kind} ${result}`) }
  const api = new GoogleApi({ clock, rootUrl: emulator.rootUrl, apiKey, file })
  return { emulator, results, feed: new DriveChanges({ api, clock, metrics: metrics as never }) }
}

t.test('an edit is listed with its version, a file that was taken away with none', async (t) => {
  const { emulator, feed } = await aFeed(t)
  const token = await feed.startToken('account', never)
  edit(emulator, 'mine')
  const page = await feed.changesSince('account', token, never)
  t.match(page, { changes: [{ fileId: 'mine', version: '2' }], isEnd: true })
  emulator.setAccess('mine', 'forbidden')
  const next = await feed.changesSince('account', page.nextToken, never)
  t.match(next, { changes: [{ fileId: 'mine', version: null }] })
  t.strictSame(await feed.changesSince('account', next.nextToken, never), { ...next, changes: [] })
})

t.test('a long list comes in pages of a thousand', async (t) => {
  const many = Array.from({ length: 1001 }, (_, n) => ({ id: `book-${n}`, title: 'Book', tabs }))
  const { emulator, feed } = await aFeed(t, { workbooks: many })
  const token = await feed.startToken('account', never)
  for (const { id } of many) emulator.touch(id)
  const first = await feed.changesSince('account', token, never)
  t.strictSame([first.changes.length, first.isEnd], [1000, false])
  const second = await feed.changesSince('account', first.nextToken, never)
  t.strictSame([second.changes.length, second.isEnd], [1, true])
})

t.test('a shared drive has a log of its own; one that is not there is told as that', async (t) => {
  const { emulator, feed } = await aFeed(t)
  const drive = { drive: 'drive-1' }
  const token = await feed.startToken(drive, never)
  edit(emulator, 'team')
  t.match(await feed.changesSince(drive, token, never), { changes: [{ fileId: 'team', version: '2' }] })
  await t.rejects(feed.startToken({ drive: 'nope' }, never), { name: 'DriveGone' })
  emulator.fail({ do: { status: 403 } })
  await t.rejects(feed.changesSince(drive, token, never), { name: 'DriveGone' })
  await t.rejects(feed.changesSince({ drive: 'nope' }, token, never), { name: 'DriveGone' })
})

t.test('a token that is not taken any more is told as that', async (t) => {
  const { emulator, feed } = await aFeed(t)
  const token = await feed.startToken('account', never)
  emulator.expireTokens()
  await t.rejects(feed.changesSince('account', token, never), { name: 'TokenGone' })
  for (const status of [410, 400]) {
    emulator.fail({ on: { kind: 'changes.list' }, do: { status } })
    await t.rejects(feed.changesSince('account', token, never), { name: 'TokenGone' })
  }
})

t.test('of each file it is known where its changes are listed', async (t) => {
  const { emulator, feed } = await aFeed(t)
  t.strictSame(await feed.file('mine', never), { version: '1', driveId: null, isInAccountLog: true })
  t.strictSame(await feed.file('team', never), { version: '1', driveId: 'drive-1', isInAccountLog: false })
  t.strictSame(await feed.file('link', never), { version: '1', driveId: null, isInAccountLog: false })
  emulator.setAccess('mine', 'forbidden')
  for (const id of ['mine', 'nope']) {
    t.strictSame(await feed.file(id, never), { version: null, driveId: null, isInAccountLog: false })
  }
})

t.test('what may pass is tried three times, what may not is not', async (t) => {
  const { emulator, feed, results } = await aFeed(t)
  emulator.fail({ on: { kind: 'changes.getStartPageToken', times: 2 }, do: { status: 503 } })
  t.type(await feed.startToken('account', never), 'string')
  t.strictSame(results, ['changes unavailable', 'changes unavailable', 'changes ok'])
  emulator.fail({ on: { times: 'always' }, do: { kind: 'reset' } })
  await t.rejects(feed.startToken('account', never), { code: 'GOOGLE_UNREACHABLE' })
  t.equal(emulator.count(), 6)
  emulator.clearFaults()
  emulator.fail({ do: { status: 403, reason: 'userRateLimitExceeded', headers: { 'retry-after': '70' } } })
  await t.rejects(feed.file('mine', never), { code: 'GOOGLE_QUOTA_EXCEEDED', retryAfterSeconds: 70 })
  emulator.fail({ do: { status: 403, reason: 'SERVICE_DISABLED' } })
  await t.rejects(feed.startToken('account', never), { code: 'GOOGLE_API_DISABLED', message: /Google Drive API/ })
  t.equal(emulator.count(), 8)
})

t.test('an answer that is cut off or no JSON is one of those', async (t) => {
  const { emulator, feed } = await aFeed(t)
  emulator.fail({ do: { kind: 'cut' } })
  emulator.fail({ on: { nth: 2 }, do: { status: 200, body: '{}' } })
  t.type(await feed.startToken('account', never), 'string')
  t.equal(emulator.count(), 3)
})

t.test('a token of the account that was revoked is replaced once', async (t) => {
  const { emulator, feed } = await aFeed(t, { requireAuth: true }, { isSigned: true })
  t.type(await feed.startToken('account', never), 'string')
  emulator.fail({ on: { kind: 'changes.getStartPageToken' }, do: { status: 401 } })
  t.type(await feed.startToken('account', never), 'string')
  t.equal(emulator.count('token'), 2)
  emulator.fail({ on: { kind: 'changes.getStartPageToken', times: 2 }, do: { status: 401 } })
  await t.rejects(feed.startToken('account', never), { code: 'GOOGLE_CREDENTIAL_INVALID' })
})

t.test('an API key has no log, and is told so', async (t) => {
  const { feed } = await aFeed(t, { requireAuth: true }, { apiKey: 'any' })
  await t.rejects(feed.startToken('account', never), { code: 'GOOGLE_CREDENTIAL_MISSING' })
})

t.test('a call that is aborted rejects with the reason', async (t) => {
  const { emulator, feed } = await aFeed(t)
  emulator.fail({ do: { kind: 'hang' } })
  const stopping = new AbortController()
  emulator.onCall(() => void setImmediate(() => stopping.abort(new Error('stop'))))
  await t.rejects(feed.startToken('account', stopping.signal), { message: 'stop' })
})

t.test('a channel is opened, notifies with its token, and is stopped; twice is no fault', async (t) => {
  const receiver = createServer((request, response) => {
    response.writeHead(204).end()
    receiver.emit('received', request.headers)
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.teardown(() => {
    receiver.close()
    receiver.closeAllConnections()
  })
  const pushOrigin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  const { emulator, feed } = await aFeed(t, { pushOrigin })
  const expiresAt = new Date(Date.now() + 9 * 86_400_000)
  const asked = { id: 'channel', token: 'secret', address: 'https://sheets.example/x', expiresAt }
  const synced = once(receiver, 'received')
  const channel = await feed.watch(asked, await feed.startToken('account', never), never)
  t.ok(channel.expiresAt < expiresAt, 'Google ends it after a week')
  t.match((await synced)[0], { 'x-goog-resource-state': 'sync', 'x-goog-channel-token': 'secret' })
  const changed = once(receiver, 'received')
  edit(emulator, 'mine')
  t.match((await changed)[0], { 'x-goog-resource-state': 'change' })
  await feed.stop('channel', channel.resourceId, never)
  t.strictSame(emulator.channels, [])
  await feed.stop('channel', channel.resourceId, never)
})

t.test('an address that Google refuses is said to be PUBLIC_URL, and costs no new sign-in', async (t) => {
  const { emulator, feed } = await aFeed(t, { requireAuth: true }, { isSigned: true })
  const asked = {
    id: 'channel',
    token: 'secret-of-the-channel',
    address: 'http://sheets.example/x',
    expiresAt: new Date(Date.now() + 1e6),
  }
  const watched = feed.watch(asked, await feed.startToken('account', never), never)
  t.equal(redact('It was secret-of-the-channel.'), 'It was [redacted].')
  const error = await watched.then(
    () => t.fail('it was opened'),
    (error: AppError) => error,
  )
  t.match(error, { code: 'GOOGLE_REQUEST_REFUSED', message: /push\.webhookUrlNotHttps/, hint: /PUBLIC_URL/ })
  t.equal(emulator.count('token'), 1)
  t.equal(emulator.count('changes.watch'), 1)
})
