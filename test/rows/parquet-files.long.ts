import { spawnSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import t from 'tap'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import { anS3Server } from '../support/s3-server.ts'
import { aServiceWithRows, tabPath } from './demo-rows.ts'

const TABS = ['Orders', 'Customers', "Q1 'Targets'!", 'CRM26', 'Scratch']
const read = (file: ArrayBuffer) =>
  parquetReadObjects({ file, compressors: { ZSTD: (input: Uint8Array): Uint8Array => zstdDecompressSync(input) } })

t.test('Parquet holds what the columns hold, typed, and is served as it lies there', async (t) => {
  const service = await aServiceWithRows(t, { formats: ['ndjson', 'parquet'], tabs: TABS })
  const { client, first, lines, directory } = service
  t.same(
    first.tabs.map(({ files }) => files.map(({ format }) => format)),
    TABS.map(() => ['ndjson', 'parquet']),
  )
  const answer = await client.send('GET', `${tabPath('Orders')}?format=parquet`)
  t.match(answer.headers.get('content-type'), 'application/vnd.apache.parquet')
  t.match(answer.headers.get('content-disposition'), /filename="?orders-0\.parquet/)
  const file = await answer.arrayBuffer()
  const accepted = await client.send('GET', tabPath('Orders'), undefined, { accept: 'application/vnd.apache.parquet' })
  t.same(await accepted.arrayBuffer(), file)
  t.equal(file.byteLength, first.tabs[0]?.files[1]?.bytes)

  const { schema, row_groups: groups } = parquetMetadata(file)
  const types = Object.fromEntries(
    schema.slice(1).map(({ name, type, converted_type: converted }) => [name, [type, converted]]),
  )
  t.match(types, {
    Order: ['INT64'],
    Date: ['INT32', 'DATE'],
    'Placed at': ['INT64', 'TIME_MICROS'],
    Customer: ['BYTE_ARRAY', 'UTF8'],
    Price: ['DOUBLE'],
    Paid: ['BOOLEAN'],
  })
  t.ok(groups.every(({ columns }) => columns.every(({ meta_data: meta }) => meta?.codec === 'ZSTD')))
  const rows = await read(file)
  const orders = await lines('Orders')
  const plain = (row: Record<string, unknown>) => [Number(row.Order), row.Customer, row.Price, row.Paid, row.Note]
  t.same(rows.map(plain), orders.map(plain))
  t.same(
    rows.map((row) => (row.Date as Date | null)?.toISOString().slice(0, 10) ?? null),
    orders.map((row) => row.Date),
  )
  const times = rows.map((row) => {
    const at = row['Placed at'] as bigint | null
    return at === null ? null : new Date(Number(at) / 1000).toISOString().slice(11, 19)
  })
  t.same(
    times,
    orders.map((row) => row['Placed at']),
  )
  const seen = await read(await (await client.send('GET', `${tabPath('Customers')}?format=parquet`)).arrayBuffer())
  t.same(
    seen.map((row) => (row['Last seen'] as Date | null)?.toISOString().slice(0, 19) ?? null),
    (await lines('Customers')).map((row) => row['Last seen']),
    'a datetime has no zone',
  )
  t.equal(
    (await read(await (await client.send('GET', `${tabPath('Scratch')}?format=parquet`)).arrayBuffer())).length,
    0,
  )

  const alone = await service.sync({ formats: ['parquet'], tabs: ['Orders'] })
  t.same(
    alone.tabs[0]?.files.map(({ name }) => name),
    ['orders-0.parquet'],
  )
  const [folder = ''] = (await readdir(join(directory, 'snapshots'))).filter((name) =>
    name.startsWith(SAMPLE_SPREADSHEET_ID),
  )
  const names = await readdir(join(directory, 'snapshots', folder, alone.id))
  t.same(names.sort(), ['manifest.json', 'orders-0.parquet'], 'what it was made of is gone')
  t.match(await service.page('Orders', { limit: 1 }), { syncId: alone.id, rows: [{ Order: 1001, Date: '2025-01-02' }] })
  t.same(await readdir(join(directory, 'query-cache')).then((all) => all.filter((name) => name.includes('.tmp'))), [])
  const range = await client.send('GET', `${tabPath('Orders')}?format=parquet`, undefined, { range: 'bytes=0-3' })
  t.match([range.status, await range.text()], [206, 'PAR1'])
})

t.test('Parquet is made on S3 too, and asked from there', async (t) => {
  const { url } = await anS3Server(t)
  const service = await aServiceWithRows(
    t,
    { formats: ['parquet'], tabs: ['Orders'] },
    { SNAPSHOT_URL: 's3://snapshots/parquet', AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' },
  )
  t.same(
    service.first.tabs[0]?.files.map(({ name }) => name),
    ['orders-0.parquet'],
  )
  t.equal((await service.page('Orders', { where: 'Quantity > 1', count: 'exact' })).rows.length, 100)
  const file = await (await service.client.send('GET', `${tabPath('Orders')}?format=parquet`)).arrayBuffer()
  t.equal((await read(file)).length, service.first.tabs[0]?.rows)
})

t.test('an engine process that is killed costs the Parquet of a sync nothing but time', async (t) => {
  const service = await aServiceWithRows(t, { formats: ['parquet'], tabs: ['CRM26'] })
  // Read whole and slowly, so that a kill comes while it is made.
  const sync = service.sync({ formats: ['parquet'], tabs: ['Events'] })
  const killed = new Set<number>()
  let isOver = false
  void sync.finally(() => {
    isOver = true
  })
  while (!isOver) {
    for (const pid of enginePids()) {
      if (killed.size >= 2 || killed.has(pid)) continue
      killed.add(pid)
      process.kill(pid, 'SIGKILL')
    }
    await delay(20)
  }
  t.ok(killed.size >= 1)
  t.match(await sync, { state: 'succeeded', error: null, tabs: [{ rows: 19_999, files: [{ format: 'parquet' }] }] })
})

/** The engine processes of this process. */
function enginePids(): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(process.pid), '-f', 'engine/main.ts'], { encoding: 'utf8' })
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : Number(line)))
}
