import t from 'tap'
import { ApiClient, someKeys } from '../support/callers.ts'
import { aReceiver } from '../support/receiver.ts'
import { aWorld, ID, ROWS } from './compared-syncs.ts'

t.test('what was edited between two syncs is told: by key, and without one', async (t) => {
  const { sync, edit, ask } = await aWorld(t, ROWS)
  const before = await sync()
  t.equal(before.changes, null, 'there is nothing to compare the first one with')
  edit([
    [9, 'Lime', 9, 'new'],
    [1, 'Apple', 1.75, 'a'],
    [2, 'Pear', 2, null],
    [4, 'Fig', 4, 'd'],
  ])
  const now = await sync()
  t.strictSame(now.changes, {
    since: before.id,
    tabs: [{ gid: 0, title: 'Orders', range: null, added: 2, removed: 2 }],
  })
  const byKey = await ask({ since: before.id, key: 'order' })
  t.match(byKey, { status: 200, body: { since: { syncId: before.id }, until: { syncId: now.id }, key: ['Order'] } })
  t.strictSame(byKey.body.changes, [
    { change: 'added', row: { Order: 9, Item: 'Lime', Price: 9, Note: 'new' } },
    { change: 'changed', key: { Order: 1 }, columns: { Price: { old: 1.5, new: 1.75 } } },
    { change: 'removed', row: { Order: 3, Item: 'Plum', Price: 3, Note: 'c' } },
  ])
  t.strictSame(byKey.body.counts, { added: 1, removed: 1, changed: 1 })
  t.strictSame(byKey.body.columns, { added: [], removed: [] })
  t.strictSame(byKey.body.duplicateKeys, { count: 0, examples: [] })
  const whole = await ask({ since: before.id })
  t.strictSame(whole.body.counts, { added: 2, removed: 2, changed: 0 })
  t.equal(whole.body.key, null)
  const same = await ask({ since: now.id, key: 'Order' })
  t.strictSame(same.body.counts, { added: 0, removed: 0, changed: 0 }, 'a sync changes nothing since itself')

  const etag = byKey.headers.get('etag') ?? ''
  t.equal((await ask({ since: before.id, key: 'Order' }, { headers: { 'if-none-match': etag } })).status, 304)
  t.equal((await ask({ since: before.id, key: 'Item' }, { headers: { 'if-none-match': etag } })).status, 200)
})

t.test('what cannot be compared is refused with what could be', async (t) => {
  const { setting, keys } = someKeys({ one: ['read', 'write'], other: ['read', 'write'] })
  const { url, edit } = await aWorld(t, ROWS, { API_KEYS: setting, SNAPSHOTS_KEPT: '2' })
  const as = async (key: string) => {
    const client = new ApiClient(url, key)
    const ask = async (query: Record<string, string>) =>
      (await client.send('GET', `/spreadsheets/${ID}/tabs/Orders/changes?${new URLSearchParams(query)}`)).json()
    return { ask, sync: async () => (await client.sync({ spreadsheet: ID, ifActive: 'start' })).id }
  }
  const [one, other] = [await as(keys.one), await as(keys.other)]
  const ids = [await one.sync(), await other.sync()] as const
  edit(ROWS.slice(1))
  const second = await one.sync()
  const foreign = (await one.ask({ since: ids[1] })) as { code: string; hint: string }
  t.match(foreign, { status: 404, code: 'SNAPSHOT_NOT_FOUND', hint: ids[0] })
  t.notMatch(foreign.hint, ids[1], 'that of another key is as if there were none')
  t.match(await one.ask({ since: 'sync-nonsense' }), { status: 404, hint: second })
  t.match(await one.ask({ since: ids[0], key: 'Order,Nope' }), {
    status: 422,
    code: 'COLUMN_NOT_FOUND',
    hint: '"Order"',
  })
  t.match(await one.ask({ since: ids[0], key: '' }), { status: 400 })
  t.match(await one.ask({ since: ids[0], limit: '1001' }), { status: 400 })
  t.match(await one.ask({}), { status: 400, errors: [{ field: 'since' }] })
  await one.sync()
  t.match(await one.ask({ since: ids[0] }), { status: 404, hint: second }, 'one that was pruned meanwhile')
})

t.test('the webhook tells how many rows were added and removed', async (t) => {
  const receiver = await aReceiver(t)
  const { sync, edit } = await aWorld(t, ROWS, { WEBHOOK_SECRET: `whsec_${'A'.repeat(43)}=`, WEBHOOK_INSECURE: '1' })
  const { id } = await sync({ formats: ['ndjson'] })
  edit(ROWS.slice(1))
  const now = await sync({ webhook: { url: receiver.url } })
  const [message] = await receiver.has(1)
  t.match(JSON.parse(message?.body ?? '{}'), {
    data: { id: now.id, changes: { since: id, tabs: [{ gid: 0, added: 0, removed: 1 }] } },
  })
  t.match(await sync({ formats: ['csv'] }), { changes: null }, 'nothing is counted of CSV')
  t.match(await sync(), { changes: { tabs: [{ added: 0, removed: 0 }] } }, 'nor where no row differs')
})
