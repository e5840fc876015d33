import t from 'tap'
import { createClient } from '../../client/src/index.ts'
import { SAMPLE_SPREADSHEET_ID as ID } from '../../src/model/sync-request.ts'
import { aServiceWithRows } from '../rows/demo-rows.ts'

interface Order {
  readonly Order: number
  readonly Customer: string
  readonly Total: number | null
}

t.test('rows are asked for by the client', async (t) => {
  const service = await aServiceWithRows(t, { formats: ['ndjson', 'parquet'], tabs: ['Orders', 'Customers'] })
  const sheetsync = createClient({ baseUrl: service.url })
  const orders = await service.lines('Orders')

  const page = await sheetsync.rows<Order>(ID, 'Orders', {
    select: ['Order', 'Customer', 'Total'],
    where: 'Total >= ? and Customer ilike ?',
    params: [100, 'b%'],
    order: 'Total desc',
    limit: 5,
    count: 'exact',
  })
  const [first] = page.rows
  t.equal(page.rows.length, 5)
  t.ok(first !== undefined && Number(first.Total) >= 100 && first.Customer.startsWith('B'))
  t.ok(Number(page.count) > 5)
  t.type(page.nextCursor, 'string')

  const all: number[] = []
  for await (const { Order } of sheetsync.eachRow<Order>(ID, 'Orders', { select: ['Order'], limit: 90 }))
    all.push(Order)
  t.same(
    all,
    orders.map(({ Order }) => Order),
    'every row once, over all pages',
  )
  const last: number[] = []
  for await (const { Order } of sheetsync.eachRow<Order>(ID, 'Orders', { offset: orders.length - 2 })) last.push(Order)
  t.same(last, all.slice(-2))

  const sql = 'SELECT count(*) AS n FROM Orders JOIN Customers USING (Customer) WHERE Quantity > ?'
  const { rows, columns, hasMore } = await sheetsync.query<{ n: number }>(ID, { sql, params: [1] })
  t.match({ columns, hasMore }, { columns: [{ name: 'n', type: 'BIGINT' }], hasMore: false })
  t.ok((rows[0]?.n ?? 0) > 0)
  t.equal(await sheetsync.query(ID, { sql, params: [1] }, { format: 'csv' }), `n\r\n${rows[0]?.n}\r\n`)
  t.equal(await sheetsync.query(ID, { sql, params: [1] }, { format: 'ndjson' }), `${JSON.stringify(rows[0])}\n`)
  for (const bytes of [
    await sheetsync.query(ID, { sql, params: [1] }, { format: 'parquet' }),
    await sheetsync.readTab(ID, 'Orders', { format: 'parquet' }),
  ]) {
    t.equal(Buffer.from(bytes.slice(0, 4)).toString(), 'PAR1')
  }

  t.match(await sheetsync.schema(ID, 'Orders'), {
    tab: { title: 'Orders' },
    columns: [{ name: 'Order', type: 'integer' }],
  })
  t.match(await sheetsync.schema(ID, 'Orders', { as: 'json-schema' }), { type: 'object' })
  t.match(await sheetsync.schema(ID, 'Orders', { as: 'typescript' }), /^export interface OrdersRow \{$/m)

  t.match(await sheetsync.changes(ID, 'Orders', { since: page.syncId, key: ['Order'], limit: 1 }), {
    key: ['Order'],
    counts: { added: 0, removed: 0, changed: 0 },
    changes: [],
  })

  await t.rejects(sheetsync.rows(ID, 'Orders', { select: ['a "b", c'] }), {
    code: 'COLUMN_NOT_FOUND',
    errors: [{ field: 'select[0]' }],
    hint: /"Order"/,
  })
  await t.rejects(sheetsync.query(ID, { sql: 'SELECT nothing' }), { code: 'QUERY_INVALID', status: 400 })
  const reason = new Error('left')
  await t.rejects(sheetsync.rows(ID, 'Orders', {}, { signal: AbortSignal.abort(reason) }), reason)
})
