import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import { aServiceWithRows, type Page, SPREADSHEET } from '../rows/demo-rows.ts'

t.test('rows of a tab', async (t) => {
  const service = await aServiceWithRows(t)
  const { get, page, lines, first } = service
  // An error such as #N/A is none of the numbers of its column.
  const orders = (await lines('Orders')).map(
    (row): Record<string, unknown> => ({ ...row, Total: row.Total === '#N/A' ? null : row.Total }),
  )
  t.ok(orders.length > 300)

  t.test('come a hundred at first, in the order of the tab, with their snapshot', async (t) => {
    const answer = await get('Orders')
    t.equal(answer.status, 200)
    t.match(answer.headers.get('content-type'), /^application\/json/)
    const { rows, ...beside } = (await answer.json()) as Page
    t.same(rows, orders.slice(0, 100))
    t.match(beside, { nextCursor: String, count: null, syncId: first.id, publishedAt: String })
    t.same((await page('gid:0', { limit: 2 })).rows, orders.slice(0, 2), 'by gid')
    t.same((await page('oRDERS', { limit: 2 })).rows, orders.slice(0, 2), 'in whatever case')
  })

  t.test('are those that fit, with the columns asked for, sorted', async (t) => {
    const { rows } = await page('Orders', {
      select: 'Order,total',
      where: 'Total >= ? and Customer ilike ?',
      param: ['100', 'b%'],
      order: 'Total desc, "Order"',
      limit: 1000,
    })
    const fitting = orders.filter(({ Total, Customer }) => Number(Total) >= 100 && /^b/i.test(String(Customer)))
    t.ok(fitting.length > 5)
    t.same(
      rows,
      fitting
        .toSorted((one, other) => Number(other.Total) - Number(one.Total) || Number(one.Order) - Number(other.Order))
        .map(({ Order, Total }) => ({ Order, Total })),
    )
    const dated = await page('Orders', { where: '"Date" < ?', param: '2025-01-03', select: '"Date"' })
    t.same(dated.rows, [{ Date: '2025-01-02' }, { Date: '2025-01-02' }], 'a date is compared as one')
    t.same((await page('Orders', { where: "Note = 'a) OR (b'" })).rows, [])
  })

  t.test('are each on one page alone, whatever they are sorted by', async (t) => {
    for (const query of [{}, { order: 'Quantity' }, { order: 'Paid desc nulls first', where: 'Quantity > 1' }]) {
      const seen: unknown[] = []
      let pages = 0
      for (let cursor: string | null = ''; cursor !== null; pages += 1) {
        const next: Page = await page('Orders', { select: '"Order"', limit: 97, ...query, ...(cursor && { cursor }) })
        seen.push(...next.rows.map(({ Order }) => Order))
        cursor = next.nextCursor
      }
      const expected = orders.filter(({ Quantity }) => !('where' in query) || Number(Quantity) > 1)
      t.same(seen.toSorted(), expected.map(({ Order }) => Order).toSorted())
      t.equal(pages, Math.ceil(expected.length / 97))
    }
  })

  t.test('are told with the way to the next page, and how many there are if asked', async (t) => {
    const answer = await get('Orders', { where: 'Quantity > 1', count: 'exact', limit: 10, offset: 5 })
    const expected = orders.filter(({ Quantity }) => Number(Quantity) > 1)
    t.equal(answer.headers.get('x-total-count'), String(expected.length))
    t.match(await answer.json(), { rows: expected.slice(5, 15), count: expected.length })
    const [, next = ''] = /^<(\/[^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '') ?? []
    t.match(await (await fetch(`${service.url}${next}`)).json(), {
      rows: expected.slice(15, 25),
      count: expected.length,
    })
    const last = await get('Orders', { offset: orders.length - 1 })
    t.equal(last.headers.get('link'), null)
    t.match(await last.json(), { nextCursor: null, rows: orders.slice(-1) })
    t.match(await page('Orders', { offset: 10_000 }), { rows: [], nextCursor: null })
  })

  t.test('are answered 304 to whoever has them, in whatever coding', async (t) => {
    const query = { order: 'Total', limit: 50 }
    const tags = new Set<string>()
    for (const coding of ['identity', 'gzip', 'zstd']) {
      // fetch would have its own way with codings.
      const ask = (headers: Record<string, string>) =>
        raw(service.url, query, { 'accept-encoding': coding, ...headers })
      const answer = await ask({})
      t.equal(answer.headers['content-encoding'], coding === 'identity' ? undefined : coding)
      t.match(answer.headers.vary, /Accept-Encoding/)
      const { etag = '' } = answer.headers
      tags.add(etag)
      t.equal((await ask({ 'if-none-match': etag })).status, 304, coding)
      t.equal((await ask({ 'if-none-match': '"other"' })).status, 200, coding)
    }
    t.equal(tags.size, 3)
    t.notOk(
      [...tags].some((tag) => !/^"[^"]+"$/.test(tag)),
      'strong',
    )
    const others = [{}, { limit: 51 }, { limit: 50, format: 'csv' }, { limit: 50, where: 'true' }]
    for (const other of others) tags.add((await get('Orders', other)).headers.get('etag') ?? '')
    t.equal(tags.size, 7, 'another question has another tag')
  })

  t.test('come as json, ndjson or csv, by Accept and by format', async (t) => {
    const query = { limit: 3, select: 'Order,Customer,Note' }
    const some = orders.slice(0, 3).map(({ Order, Customer, Note }) => ({ Order, Customer, Note }))
    const types = { json: 'application/json', ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' }
    const texts = {
      ndjson: some.map((row) => `${JSON.stringify(row)}\n`).join(''),
      csv: 'Order,Customer,Note\r\n1001,Björk Jónsdóttir,"leave with neighbour,\nsecond floor"\r\n',
    }
    for (const [format, type] of Object.entries(types)) {
      const answers = [
        await get('Orders', query, { accept: type.replace(/;.*/, '') }),
        await get('Orders', { ...query, format }, { accept: 'text/html' }),
      ]
      t.match(answers[0]?.headers.get('vary'), /Accept\b/)
      for (const answer of answers) {
        t.equal(answer.headers.get('content-type'), type)
        t.ok(answer.headers.get('link'), 'the way on is told in each')
        const text = await answer.text()
        if (format === 'json') t.match(JSON.parse(text), { rows: some })
        if (format === 'ndjson') t.equal(text, texts.ndjson)
        if (format === 'csv') t.ok(text.startsWith(texts.csv), text)
      }
    }
    t.match(await problem(get('Orders', {}, { accept: 'text/html' })), { status: 406, hint: /json, ndjson, csv/ })
  })

  t.test('are answered to HEAD as to GET, without them', async (t) => {
    const [whole, head] = await Promise.all([get('Orders'), get('Orders', {}, {}, 'HEAD')])
    t.equal(head.status, 200)
    for (const name of ['etag', 'link', 'content-type']) t.equal(head.headers.get(name), whole.headers.get(name), name)
    t.equal(await head.text(), '')
  })

  t.test('of a column that is not there are refused, with those that are', async (t) => {
    const answer = await problem(get('Orders', { select: 'Order,Prize,"x"', order: 'Price desc' }))
    t.match(answer, {
      status: 422,
      code: 'COLUMN_NOT_FOUND',
      errors: [{ field: 'select[1]', message: /"Prize"/ }, { field: 'select[2]' }],
      hint: /"Order", "Date", .*"Price"/,
    })
    t.match(await problem(get('Orders', { order: 'Price up' })), { status: 422, errors: [{ field: 'order[0]' }] })
  })

  t.test("of a wrong expression are refused in DuckDB's own words, with the place", async (t) => {
    t.match(await problem(get('Orders', { where: 'Price >> "' })), {
      status: 400,
      code: 'QUERY_INVALID',
      errors: [{ field: 'where', message: /line 1, column/ }],
    })
    t.match(await problem(get('Orders', { where: 'Prize > 1' })), {
      status: 400,
      detail: /Prize/,
      errors: [{ field: 'where', message: /line 1, column 1\)/ }],
    })
    for (const where of [
      'a) OR (b',
      '1=1) UNION (SELECT 1',
      'true; DROP TABLE x',
      'true -- \n) or (true',
      '*',
      'true x',
    ]) {
      t.match(await problem(get('Orders', { where })), { status: 400, code: 'QUERY_INVALID' }, where)
    }
    t.match(await problem(get('Orders', { where: 'Price > ?' })), { status: 400, errors: [{ field: 'params' }] })
  })

  t.test('that are asked for in a way that is none are refused with each field at fault', async (t) => {
    const bad = { limit: 0, offset: -1, count: 'all', format: 'xml', page: 2 }
    const { errors, ...told } = await problem(get('Orders', bad))
    t.match(told, { status: 400, code: 'VALIDATION_FAILED' })
    t.same(errors?.map(({ field }) => field).sort(), Object.keys(bad).sort())
    t.match(
      errors?.find(({ field }) => field === 'limit'),
      { message: 'must be a whole number from 1 to 10,000' },
    )
    for (const limit of ['1e3', ' 5', '', '10001', '0x10']) t.equal((await get('Orders', { limit })).status, 400, limit)
    t.match(await problem(get('Orders', { cursor: 'abc' })), { status: 400, code: 'CURSOR_INVALID' })
    const { nextCursor } = await page('Orders')
    t.match(await problem(get('Orders', { cursor: nextCursor ?? '', where: 'true' })), { code: 'CURSOR_INVALID' })
    t.match(await problem(get('Customers', { cursor: nextCursor ?? '' })), { code: 'CURSOR_INVALID' }, 'of another tab')
    t.match(await problem(get('Orders', { cursor: nextCursor ?? '', offset: 1 })), { errors: [{ field: 'offset' }] })
    t.match(await problem(get('Orderz')), { status: 404, code: 'TAB_NOT_FOUND', hint: /"Orders"/ })
  })
})

t.test('a snapshot that cannot be asked says how to have one that can', async (t) => {
  const { get, query, sync, directory, page, first } = await aServiceWithRows(t, { formats: ['csv'], tabs: ['CRM26'] })
  const csv = { status: 409, code: 'ROWS_NOT_QUERYABLE', hint: /"formats": \["json"\]/ }
  t.match(await problem(get('CRM26')), csv)
  t.match(await problem(query({ sql: 'SELECT * FROM CRM26' })), csv)
  const json = await sync({ formats: ['json'], tabs: ['CRM26'] })
  t.match(await page('CRM26'), { syncId: json.id, rows: [{ Lead: 'Harbor & Sons', Stage: 'won', Value: 4200 }] })
  await sync({ formats: ['csv'], tabs: ['CRM26'] })
  t.equal((await page('CRM26')).syncId, json.id, 'the newest that can be asked')

  const [folder = ''] = (await readdir(join(directory, 'snapshots'))).filter((name) =>
    name.startsWith(SAMPLE_SPREADSHEET_ID),
  )
  for (const id of await readdir(join(directory, 'snapshots', folder))) {
    const file = join(directory, 'snapshots', folder, id, 'manifest.json')
    const manifest = JSON.parse(await readFile(file, 'utf8')) as { tabs: { tallies?: unknown }[] }
    for (const tab of manifest.tabs) delete tab.tallies
    await writeFile(file, JSON.stringify(manifest))
  }
  t.ok(first.id)
  t.match(await problem(get('CRM26')), { status: 409, code: 'SCHEMA_NOT_KEPT', hint: /POST \/syncs/ })
})

interface Problem {
  readonly status: number
  readonly code: string
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
}

async function problem(answer: Promise<Response>): Promise<Problem> {
  return (await (await answer).json()) as Problem
}

/** What is sent over the wire, coded as it is. */
async function raw(url: string, query: Readonly<Record<string, string | number>>, headers: Record<string, string>) {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  )
  const sent = request(`${url}${SPREADSHEET}/tabs/Orders/rows?${search}`, { headers, agent: false }).end()
  const [answer] = await once(sent, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const content = answer.headers['content-encoding'] === 'zstd' ? zstdDecompressSync(bytes) : bytes
  return { status: answer.statusCode as number, headers: answer.headers, content }
}
