import { zstdDecompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import t from 'tap'
import { aServiceWithRows } from '../rows/demo-rows.ts'

t.test('SQL over the tabs of a spreadsheet', async (t) => {
  const { query, select, lines, first, client } = await aServiceWithRows(t)
  const orders = await lines('Orders')
  const customers = await lines('Customers')
  const problem = async (body: object) => (await query(body)).json()

  t.test('joins tabs, which are tables by title and by slug', async (t) => {
    const { rows, ...beside } = await select(
      'SELECT o."Order", c.City FROM "Orders" o JOIN customers c USING (Customer) ORDER BY o."Order"',
    )
    const cityOf = new Map(customers.map(({ Customer, City }) => [Customer, City]))
    t.same(
      rows,
      orders.flatMap(({ Order, Customer }) => (cityOf.has(Customer) ? [{ Order, City: cityOf.get(Customer) }] : [])),
    )
    t.same(beside, {
      columns: [
        { name: 'Order', type: 'BIGINT' },
        { name: 'City', type: 'VARCHAR' },
      ],
      hasMore: false,
      syncId: first.id,
      publishedAt: beside.publishedAt,
    })
    const [targets] = (await select(`SELECT count(*) AS n FROM "Q1 'Targets'!"`)).rows
    t.same((await select('SELECT count(*) AS n FROM q1_targets')).rows, [targets])
    const tables = (await select('SHOW TABLES')).rows.map(({ name }) => name)
    for (const name of ['Orders', 'Customers', "Q1 'Targets'!", 'q1_targets', 'CRM26'])
      t.ok(tables.includes(name), name)
  })

  t.test('takes parameters of each type of JSON', async (t) => {
    const params = ['text', 7, 2.5, true, null, -9_007_199_254_740_991]
    const { rows } = await select('SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f', params)
    t.same(rows, [{ a: 'text', b: 7, c: 2.5, d: true, e: null, f: -9_007_199_254_740_991 }])
    t.match(await problem({ sql: 'SELECT ?', params: [1, 2] }), {
      code: 'QUERY_INVALID',
      errors: [{ field: 'params' }],
    })
    t.match(await problem({ sql: 'SELECT 1', params: [{}] }), {
      code: 'VALIDATION_FAILED',
      errors: [{ field: 'params[0]' }],
    })
  })

  t.test('answers no more rows than asked for, and says whether there are others', async (t) => {
    const ask = async (limit?: unknown) => (await query({ sql: 'FROM Orders', limit })).json()
    const page = (await ask()) as { rows: unknown[]; hasMore: boolean }
    t.match([page.rows.length, page.hasMore], [100, true])
    t.match(await ask(orders.length), { rows: { length: orders.length }, hasMore: false })
    for (const limit of [0, 1.5, '5', true, null, 1e9]) {
      t.match(await ask(limit), { code: 'VALIDATION_FAILED', errors: [{ field: 'limit' }] }, String(limit))
    }
    t.match(await ask(10_001), { status: 400, hint: /QUERY_ROWS/ })
  })

  t.test('comes as ndjson, csv or Parquet, by format and by Accept', async (t) => {
    const sql = 'SELECT "Order", "Date", "Placed at" AS at, Customer, Price, Paid FROM Orders ORDER BY "Order" LIMIT 3'
    const some = orders.slice(0, 3).map((row) => {
      const { Order, Date: day, 'Placed at': at, Customer, Price, Paid } = row
      return { Order, Date: day, at, Customer, Price, Paid }
    })
    const texts = {
      ndjson: some.map((row) => `${JSON.stringify(row)}\n`).join(''),
      csv: 'Order,Date,at,Customer,Price,Paid\r\n1001,2025-01-02,10:22:00,Björk Jónsdóttir,49,FALSE\r\n',
    }
    const types = {
      ndjson: 'application/x-ndjson',
      csv: 'text/csv',
      parquet: 'application/vnd.apache.parquet',
    }
    for (const [format, accept] of Object.entries(types)) {
      for (const answer of [await query({ sql, format }), await query({ sql }, { accept })]) {
        t.ok(answer.headers.get('content-type')?.startsWith(accept), format)
        if (format === 'parquet') {
          const rows = await parquetReadObjects({ file: await answer.arrayBuffer(), compressors: { ZSTD } })
          t.same(
            rows.map(({ Order, Customer, Price, Paid }) => ({ Order: Number(Order), Customer, Price, Paid })),
            some.map(({ Order, Customer, Price, Paid }) => ({ Order, Customer, Price, Paid })),
          )
          t.same(
            rows.map((row) => (row.Date as Date).toISOString().slice(0, 10)),
            some.map((row) => row.Date),
          )
        } else {
          const text = await answer.text()
          t.equal(text.slice(0, texts[format as keyof typeof texts].length), texts[format as keyof typeof texts])
        }
      }
    }
    t.equal((await query({ sql }, { accept: 'image/png' })).status, 406)
  })

  t.test('that cannot be run is refused with the reason and the place', async (t) => {
    t.match(await problem({ sql: 'SELECT * FROM Oders' }), {
      status: 400,
      code: 'QUERY_INVALID',
      detail: /Oders/,
      hint: /Orders, Customers, .*q1_targets/,
      errors: [{ field: 'sql', message: /line 1, column 15/ }],
    })
    t.match(await problem({ sql: 'SELECT\n  Prize\nFROM Orders' }), { errors: [{ message: /line 2, column 3/ }] })
    const others = [
      'DROP TABLE Orders',
      'SELECT 1; SELECT 2',
      "COPY Orders TO '/tmp/x'",
      'SET threads = 4',
      'INSTALL httpfs',
      '',
      '-- nothing',
      "SELECT * FROM read_text('/etc/passwd')",
      "SELECT * FROM '/etc/passwd'",
      "ATTACH '/tmp/x.db'",
    ]
    for (const sql of others)
      t.match(await problem({ sql }), { status: 400, code: /QUERY_INVALID|VALIDATION_FAILED/ }, sql)
    t.match(await problem({ sql: 'SELECT 1', table: 'x' }), { errors: [{ field: 'table' }] })
    t.match(await problem({ sql: 'x'.repeat(50_001) }), { status: 400, errors: [{ field: 'sql' }] })
    const none = await client.send('POST', '/spreadsheets/nothing-was-synced/query', { sql: 'SELECT 1' })
    t.match(await none.json(), { status: 404, code: 'SNAPSHOT_NOT_FOUND' })
  })
})

const ZSTD = (input: Uint8Array): Uint8Array => zstdDecompressSync(input)
