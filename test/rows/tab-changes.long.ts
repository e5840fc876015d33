import { rm } from 'node:fs/promises'
import t from 'tap'
import { anS3Server } from '../support/s3-server.ts'
import { aWorld, ROWS } from './compared-syncs.ts'

t.test('a row that is put in above marks one row, and an equal one that goes marks one', async (t) => {
  const { sync, edit, ask } = await aWorld(t, [...ROWS, ...ROWS])
  const { id } = await sync()
  edit([[0, 'New', 0, null], ...ROWS, ...ROWS.slice(1)])
  t.match(await sync(), { changes: { since: id, tabs: [{ added: 1, removed: 1 }] } })
  const { body } = await ask({ since: id })
  t.strictSame(body.changes, [
    { change: 'added', row: { Order: 0, Item: 'New', Price: 0, Note: null } },
    { change: 'removed', row: { Order: 1, Item: 'Apple', Price: 1.5, Note: 'a' } },
  ])
})

t.test('a renamed column is told, and marks no row; a column that comes to hold text marks what differs', async (t) => {
  const { sync, edit, ask } = await aWorld(t, ROWS)
  const { id } = await sync()
  edit(
    ROWS.map(([order, item, price, note], index) => [
      order ?? 0,
      item ?? '',
      index === 0 ? 'gone' : (price ?? 0),
      note ?? null,
    ]),
    ['Order', 'Item', 'Price', 'Remark'],
  )
  t.equal((await sync()).changes, null, 'rows of other columns are not counted')
  const { body } = await ask({ since: id, key: 'Order' })
  t.strictSame(body.columns, { added: ['Remark'], removed: ['Note'] })
  t.strictSame(body.counts, { added: 0, removed: 0, changed: 1 })
  t.strictSame(body.changes, [{ change: 'changed', key: { Order: 1 }, columns: { Price: { old: 1.5, new: 'gone' } } }])
})

t.test('rows whose key others have too are compared whole, and the key is told', async (t) => {
  const { sync, edit, ask } = await aWorld(t, [...ROWS, [2, 'Pear', 7, 'again']])
  const { id } = await sync()
  edit([...ROWS.slice(0, 3), [2, 'Pear', 8, 'again'], [4, 'Fig', 5, 'd']])
  await sync()
  const { body } = await ask({ since: id, key: 'Order' })
  t.strictSame(body.duplicateKeys, { count: 1, examples: [{ key: { Order: 2 }, since: 2, until: 2 }] })
  t.strictSame(body.counts, { added: 1, removed: 1, changed: 1 })
  t.match(body.changes, [
    { change: 'added', row: { Price: 8 } },
    { change: 'changed', key: { Order: 4 } },
    { change: 'removed', row: { Price: 7 } },
  ])
})

t.test('pages of a cursor are of the same two snapshots, whatever is synced meanwhile', async (t) => {
  const { sync, edit, ask, directory } = await aWorld(t, ROWS)
  const first = await sync()
  edit(ROWS.map(([order, item]) => [order ?? 0, item ?? '', 0, 'x']))
  const second = await sync()
  const query = { since: first.id, key: 'Order', limit: '3' }
  const page = await ask(query)
  t.equal(page.body.changes.length, 3)
  t.match(page.headers.get('link'), /cursor=.*rel="next"/)
  edit([])
  const third = await sync()
  const rest = await ask({ ...query, cursor: page.body.nextCursor })
  t.match(rest.body, {
    until: { syncId: second.id },
    counts: { changed: 4 },
    nextCursor: null,
    changes: [{ key: { Order: 4 } }],
  })
  t.match(await ask({ ...query, key: 'Item', cursor: page.body.nextCursor }), {
    status: 400,
    body: { code: 'CURSOR_INVALID' },
  })
  t.match(await ask(query), { body: { until: { syncId: third.id }, counts: { added: 0, removed: 4 } } })

  await rm(`${directory}/snapshots`, { recursive: true })
  t.match(await ask(query), { status: 404, body: { code: 'SNAPSHOT_NOT_FOUND' } })
})

t.test('what syncs on S3 have changed is counted, and told row by row', async (t) => {
  const server = await anS3Server(t)
  const { sync, edit, ask } = await aWorld(t, ROWS, {
    SNAPSHOT_URL: 's3://snapshots/changes',
    AWS_ENDPOINT_URL: server.url,
    AWS_REGION: 'us-east-1',
  })
  const { id } = await sync()
  edit(ROWS.slice(1))
  t.match(await sync(), { changes: { since: id, tabs: [{ gid: 0, added: 0, removed: 1 }] } })
  const { body } = await ask({ since: id, key: 'Order' })
  t.strictSame(body.counts, { added: 0, removed: 1, changed: 0 })
  t.match(body.changes, [{ change: 'removed', row: { Order: 1, Item: 'Apple' } }])
})
