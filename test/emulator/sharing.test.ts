import t from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import { tabFromRows } from '../../emulator/workbook.ts'
import { bearer, control, get, serviceAccount, start } from './support.ts'

const tabs = [tabFromRows(0, 'One', [['a']])]
const workbooks = [
  { id: 'open', title: 'Open', tabs },
  { id: 'anns', title: 'Ann’s', tabs, sharedWith: ['Ann@example.com'] },
  { id: 'link', title: 'Link', tabs, sharedWith: ['ann@example.com'], isOpenByLink: true },
]
const user = (emulator: Emulator, email: string) => bearer(emulator.userToken({ email }).access_token)

/** The statuses of one read by each API. */
async function seen(emulator: Emulator, id: string, headers: Record<string, string>, query = {}) {
  const sheets = await get(emulator, `v4/spreadsheets/${id}`, query, headers)
  const values = await get(emulator, `v4/spreadsheets/${id}/values/One`, query, headers)
  const drive = await get(emulator, `drive/v3/files/${id}`, query, headers)
  return [sheets.status, values.status, drive.status]
}

t.test(
  'a workbook is read by those it is shared with, by nobody else, and without any list by everybody',
  async (t) => {
    const emulator = await start(t, { workbooks })
    const [ann, bob] = [user(emulator, 'ann@example.com'), user(emulator, 'bob@example.com')]
    for (const id of ['open', 'anns', 'link']) t.same(await seen(emulator, id, ann), [200, 200, 200], id)
    t.same(await seen(emulator, 'open', bob), [200, 200, 200])
    t.same(await seen(emulator, 'link', bob), [200, 200, 200], 'a link lets everybody in')
    t.same(await seen(emulator, 'anns', bob), [403, 403, 404])
    t.strictSame((await get(emulator, 'v4/spreadsheets/anns', {}, bob)).body, {
      error: { code: 403, message: 'The caller does not have permission', status: 'PERMISSION_DENIED' },
    })
    t.match((await get(emulator, 'drive/v3/files/anns', {}, bob)).body, {
      error: { code: 404, message: 'File not found: anns.', errors: [{ reason: 'notFound', location: 'fileId' }] },
    })
  },
)

t.test('an API key, and a token that tells nobody, open what is open by link or not restricted', async (t) => {
  const emulator = await start(t, { workbooks })
  for (const [headers, query] of [
    [{}, { key: 'any' }],
    [bearer('stranger'), {}],
    [{}, {}],
  ] as const) {
    t.same(await seen(emulator, 'open', headers, query), [200, 200, 200])
    t.same(await seen(emulator, 'link', headers, query), [200, 200, 200])
    t.same(await seen(emulator, 'anns', headers, query), [403, 403, 404])
  }
})

t.test('sharing can be changed, also from another process, and moves Drive’s version', async (t) => {
  const emulator = await start(t, { workbooks })
  const key = emulator.serviceAccountKey('agency', 'agency-project')
  const { token } = await serviceAccount(key).getAccessToken()
  const agency = bearer(token)
  const version = async () => (await get(emulator, 'drive/v3/files/open', { fields: 'version' })).body
  const before = await version()
  await control(emulator, 'share', { spreadsheetId: 'open', sharedWith: ['ann@example.com'] })
  t.same(await seen(emulator, 'open', agency), [403, 403, 404])
  emulator.share('open', [key.client_email ?? ''])
  t.same(await seen(emulator, 'open', agency), [200, 200, 200])
  await control(emulator, 'share', { spreadsheetId: 'open', sharedWith: null })
  t.notSame(await version(), before)
  t.equal((await control(emulator, 'share', { spreadsheetId: 'nope', sharedWith: null })).status, 400)
  t.equal((await control(emulator, 'share', { spreadsheetId: 'open', sharedWith: ['nobody'] })).status, 400)
})

t.test('each account’s change log tells what is, or was, shared with it', async (t) => {
  const emulator = await start(t, { workbooks: workbooks.slice(0, 2) })
  const { body } = await get(emulator, 'drive/v3/changes/startPageToken')
  const { startPageToken: pageToken } = body as { startPageToken: string }
  const listed = async (email: string) => {
    const list = await get(emulator, 'drive/v3/changes', { pageToken }, user(emulator, email))
    const { changes } = list.body as { changes: { fileId: string; removed: boolean }[] }
    return changes.map(({ fileId, removed }) => (removed ? `${fileId} removed` : fileId))
  }
  emulator.setCell('open', 0, 0, 0, 1)
  emulator.setCell('anns', 0, 0, 0, 1)
  t.same(await listed('ann@example.com'), ['open', 'anns'])
  t.same(await listed('bob@example.com'), ['open'], 'nothing of what was never shared with him')
  emulator.share('anns', ['bob@example.com'])
  t.same(await listed('ann@example.com'), ['open', 'anns removed'])
  t.same(await listed('bob@example.com'), ['open', 'anns'])
  t.same(await listed('eve@example.com'), ['open'])
})

t.test('a shared drive is there for those with whom something in it is shared', async (t) => {
  const team = { id: 'team', title: 'Team', tabs, driveId: 'drive-1', sharedWith: ['ann@example.com'] }
  const emulator = await start(t, { workbooks: [team] })
  const status = async (email: string) => {
    const query = { driveId: 'drive-1', supportsAllDrives: 'true' }
    return (await get(emulator, 'drive/v3/changes/startPageToken', query, user(emulator, email))).status
  }
  t.equal(await status('ann@example.com'), 200)
  t.equal(await status('bob@example.com'), 404)
})

t.test('a channel is notified of what its account sees', async (t) => {
  const emulator = await start(t, { workbooks, pushOrigin: 'http://127.0.0.1:9' })
  const { body } = await get(emulator, 'drive/v3/changes/startPageToken')
  const { startPageToken } = body as { startPageToken: string }
  for (const name of ['ann', 'bob']) {
    const channel = { id: name, type: 'web_hook', address: 'https://sheetsync.example/changes' }
    const answer = await fetch(new URL(`drive/v3/changes/watch?pageToken=${startPageToken}`, emulator.rootUrl), {
      method: 'POST',
      headers: user(emulator, `${name}@example.com`),
      body: JSON.stringify(channel),
    })
    t.equal(answer.status, 200)
  }
  emulator.setCell('anns', 0, 0, 0, 1)
  emulator.setCell('open', 0, 0, 0, 1)
  const changes = emulator.notifications.filter(({ state }) => state === 'change')
  t.same(
    changes.map(({ channelId }) => channelId),
    ['ann', 'ann', 'bob'],
  )
})
