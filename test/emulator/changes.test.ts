import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { google } from 'googleapis'
import t, { type Test } from 'tap'
import type { Emulator, EmulatorOptions } from '../../emulator/emulator.ts'
import { tabFromRows } from '../../emulator/workbook.ts'
import { control, get, start } from './support.ts'

const tabs = [tabFromRows(0, 'One', [['a']])]
const workbooks = [
  { id: 'mine', title: 'Mine', tabs },
  { id: 'other', title: 'Other', tabs },
  { id: 'team', title: 'Team', tabs, driveId: 'drive-1' },
  { id: 'link', title: 'Link', tabs, isOpenByLink: true },
]
const changes = (emulator: Emulator, query: Record<string, string>) => get(emulator, 'drive/v3/changes', query)
const edit = (emulator: Emulator, id: string) => emulator.setCell(id, 0, 0, 0, Math.random())

async function startToken(emulator: Emulator, query: Record<string, string> = {}): Promise<string> {
  const { body } = await get(emulator, 'drive/v3/changes/startPageToken', query)
  return (body as { startPageToken: string }).startPageToken
}

/** The ids that a list from a token names. */
async function changedSince(emulator: Emulator, pageToken: string, query: Record<string, string> = {}) {
  const { body } = await changes(emulator, { pageToken, ...query })
  const list = body as { changes: { fileId: string }[]; newStartPageToken?: string; nextPageToken?: string }
  return { ids: list.changes.map(({ fileId }) => fileId), ...list }
}

t.test('an edit raises the version and is listed from an earlier token on, each file once', async (t) => {
  const emulator = await start(t, { workbooks })
  const pageToken = await startToken(emulator)
  t.same((await changedSince(emulator, pageToken)).ids, [])
  edit(emulator, 'mine')
  edit(emulator, 'other')
  edit(emulator, 'mine')
  const { body } = await changes(emulator, { pageToken })
  t.match(body, {
    kind: 'drive#changeList',
    newStartPageToken: /^\d+$/,
    changes: [
      {
        kind: 'drive#change',
        changeType: 'file',
        removed: false,
        fileId: 'other',
        file: { id: 'other', version: '2' },
      },
      { fileId: 'mine', time: /Z$/, file: { version: '3' } },
    ],
  })
  const next = (body as { newStartPageToken: string }).newStartPageToken
  t.same((await changedSince(emulator, next)).ids, [])
})

t.test('a list goes on page by page and ends with the token for later', async (t) => {
  const emulator = await start(t, { workbooks })
  const pageToken = await startToken(emulator)
  edit(emulator, 'mine')
  edit(emulator, 'other')
  const first = await changedSince(emulator, pageToken, { pageSize: '1' })
  t.same([first.ids, first.newStartPageToken], [['mine'], undefined])
  const second = await changedSince(emulator, first.nextPageToken ?? '', { pageSize: '1' })
  t.same([second.ids, second.nextPageToken], [['other'], undefined])
  t.ok(second.newStartPageToken)
})

t.test('a file that was only viewed is listed with the version that it had', async (t) => {
  const emulator = await start(t, { workbooks })
  const pageToken = await startToken(emulator)
  emulator.view('mine')
  t.match(await changedSince(emulator, pageToken), { ids: ['mine'], changes: [{ file: { version: '1' } }] })
})

t.test('a file that is taken away is listed as removed, without the file', async (t) => {
  const emulator = await start(t, { workbooks })
  const pageToken = await startToken(emulator)
  emulator.setAccess('mine', 'forbidden')
  emulator.removeWorkbook('other')
  const { changes } = await changedSince(emulator, pageToken)
  t.match(changes, [
    { fileId: 'mine', removed: true, file: undefined },
    { fileId: 'other', removed: true, file: undefined },
  ])
})

t.test('a shared drive has a log of its own, and a file that is open by link is in none', async (t) => {
  const emulator = await start(t, { workbooks })
  const drive = { driveId: 'drive-1', supportsAllDrives: 'true', includeItemsFromAllDrives: 'true' }
  const [user, shared] = [await startToken(emulator), await startToken(emulator, drive)]
  edit(emulator, 'team')
  edit(emulator, 'link')
  t.same((await changedSince(emulator, user)).ids, [])
  t.match(await changedSince(emulator, shared, drive), { ids: ['team'], changes: [{ driveId: 'drive-1' }] })
  t.equal((await changes(emulator, { ...drive, pageToken: shared, driveId: 'nope' })).status, 404)
  t.equal((await changes(emulator, { driveId: 'drive-1', pageToken: shared })).status, 400)
  const fields = 'version,driveId,sharedWithMeTime'
  t.equal((await get(emulator, 'drive/v3/files/team', { fields })).status, 404)
  t.strictSame((await get(emulator, 'drive/v3/files/team', { fields, supportsAllDrives: 'true' })).body, {
    version: '2',
    driveId: 'drive-1',
  })
  t.strictSame((await get(emulator, 'drive/v3/files/link', { fields })).body, { version: '2' })
  t.match((await get(emulator, 'drive/v3/files/mine', { fields })).body, { sharedWithMeTime: /Z$/ })
})

t.test('a token that has expired, or was never given, is refused as Google does', async (t) => {
  const emulator = await start(t, { workbooks })
  const pageToken = await startToken(emulator)
  emulator.expireTokens()
  for (const token of [pageToken, 'nope', '99999999']) {
    const { status, body } = await changes(emulator, { pageToken: token })
    t.equal(status, 400)
    t.match(body, { error: { message: 'Invalid Value', errors: [{ reason: 'invalid', location: 'pageToken' }] } })
  }
  t.same((await changedSince(emulator, await startToken(emulator))).ids, [])
  t.equal((await changes(emulator, {})).status, 400)
  t.equal((await changes(emulator, { pageToken, fields: 'nope' })).status, 400)
})

t.test('an API key has no change log', async (t) => {
  const emulator = await start(t, { workbooks, requireAuth: true })
  const { status, body } = await get(emulator, 'drive/v3/changes/startPageToken', { key: 'any' })
  t.equal(status, 401)
  t.match(body, { error: { details: [{ reason: 'CREDENTIALS_MISSING' }] } })
})

/** An emulator whose notifications arrive here, and Google's own client of it. */
async function pushed(t: Test, options: EmulatorOptions = {}) {
  const received: { headers: IncomingHttpHeaders; url: string | undefined; body: string }[] = []
  const receiver = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    received.push({ headers: request.headers, url: request.url, body })
    response.writeHead(204).end()
    receiver.emit('received')
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.teardown(() => {
    receiver.close()
    receiver.closeAllConnections()
  })
  const pushOrigin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  const emulator = await start(t, { workbooks, pushOrigin, ...options })
  const drive = google.drive({ version: 'v3', rootUrl: emulator.rootUrl })
  const requestBody = { id: 'channel-1', type: 'web_hook', address: 'https://sheets.example/hook', token: 'secret' }
  const watch = async (more: object = {}) =>
    drive.changes.watch({ pageToken: await startToken(emulator), requestBody: { ...requestBody, ...more } })
  const until = async (count: number) => {
    while (received.length < count) await once(receiver, 'received')
  }
  return { emulator, drive, watch, received, until }
}

t.test('a channel sends sync first, then each change, with numbers that rise and skip', async (t) => {
  const { emulator, drive, watch, received, until } = await pushed(t)
  const { data } = await watch()
  t.match(data, { kind: 'api#channel', id: 'channel-1', resourceId: String, token: 'secret', expiration: /^\d{13}$/ })
  await until(1)
  t.match(received[0], {
    url: '/hook',
    body: '',
    headers: {
      'x-goog-channel-id': 'channel-1',
      'x-goog-channel-token': 'secret',
      'x-goog-resource-state': 'sync',
      'x-goog-message-number': '1',
      'x-goog-resource-id': data.resourceId,
      'content-length': '0',
    },
  })
  for (const count of [2, 3, 4]) {
    edit(emulator, 'mine')
    await until(count)
  }
  edit(emulator, 'team')
  edit(emulator, 'link')
  const numbers = received.map(({ headers }) => Number(headers['x-goog-message-number']))
  t.strictSame(numbers, [1, 3, 7, 11])
  t.match(received[3], {
    headers: { 'x-goog-resource-state': 'change', 'content-type': 'application/json; utf-8' },
    body: '{"kind":"drive#changes"}',
  })
  await drive.channels.stop({ requestBody: { id: 'channel-1', resourceId: data.resourceId ?? '' } })
  edit(emulator, 'mine')
  t.strictSame([received.length, emulator.channels], [4, []])
  await t.rejects(drive.channels.stop({ requestBody: { id: 'channel-1', resourceId: 'r' } }), /not found/)
})

t.test('a channel ends by itself, after an hour unless asked and a week at most', async (t) => {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const { emulator, watch } = await pushed(t, { now: () => now })
  const lifeOf = async (more: object) => Number((await watch(more)).data.expiration) - now
  t.equal(await lifeOf({ id: 'a' }), 3_600_000)
  t.equal(await lifeOf({ id: 'b', expiration: String(now + 60_000) }), 60_000)
  t.equal(await lifeOf({ id: 'c', expiration: String(now + 1e10) }), 604_800_000)
  now += 3_600_000
  t.strictSame(emulator.channels, ['c'])
})

t.test('a channel without https, with an id that was used, or with no id is refused', async (t) => {
  const { watch } = await pushed(t)
  await watch()
  await t.rejects(watch(), { status: 400, message: /not unique/ })
  await t.rejects(watch({ id: 'x', address: 'http://sheets.example/hook' }), { status: 401, message: /must be HTTPS/ })
  await t.rejects(watch({ id: '' }), /entity.id/)
})

t.test('faults lose a notification or make it late, and nothing else', async (t) => {
  const { emulator, watch, received, until } = await pushed(t)
  await watch()
  await until(1)
  await control(emulator, 'faults', { on: { kind: 'notification' }, do: { kind: 'lost' } })
  edit(emulator, 'mine')
  emulator.fail({ on: { kind: 'notification' }, do: { kind: 'slow', ms: 30 } })
  const before = performance.now()
  edit(emulator, 'mine')
  await until(2)
  t.ok(performance.now() - before >= 29)
  t.equal(received[1]?.headers['x-goog-message-number'], '7')
  const { body } = await get(emulator, 'emulator/notifications')
  t.match(body, [{ state: 'sync', number: 1, status: 204 }, { number: 3, status: 0 }, { number: 7 }])
  emulator.fail({ on: { kind: 'notification' }, do: { kind: 'slow', ms: 60_000 } })
  edit(emulator, 'mine')
  // The emulator closes at once all the same.
})

t.test('another process views workbooks and has tokens expire', async (t) => {
  const emulator = await start(t, { workbooks })
  const pageToken = await startToken(emulator)
  t.equal((await control(emulator, 'view', { spreadsheetId: 'mine' })).status, 200)
  t.same((await changedSince(emulator, pageToken)).ids, ['mine'])
  await control(emulator, 'expire-tokens', undefined)
  t.equal((await changes(emulator, { pageToken })).status, 400)
})
