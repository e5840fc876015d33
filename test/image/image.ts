import { chmod, chown } from 'node:fs/promises'
import t from 'tap'
import { syntheticTab, tabFromRows } from '../../emulator/workbook.ts'
import { aDirectory, aFreePort, anEmulator, finished, getSync, pollUntil, startSync } from '../support/service.ts'
import { Containers, isMissing } from './support/containers.ts'

// The image as compose.yaml runs it: read-only, as uid 1000, without any capability.

const ID = '1Image-0123456789_abcdefghijklmnopqrstuvwxyza'
const LONG = '2Image-0123456789_abcdefghijklmnopqrstuvwxyza'
const ROWS = 20_000
/** Megabytes of node_modules at the most. */
const MODULES_MB = 70

t.test('the image', { skip: isMissing(), timeout: 1_500_000 }, async (t) => {
  const begun = performance.now()
  const containers = await Containers.create(t)
  await containers.build()
  t.comment(`built in ${((performance.now() - begun) / 1000).toFixed()} s`)

  await t.test('it is small', async (t) => {
    const megabytes = Number.parseInt(await containers.print(['du', '-sm', 'node_modules']), 10)
    t.comment(`node_modules: ${megabytes} MB`)
    t.ok(megabytes > 1 && megabytes <= MODULES_MB, `${megabytes} MB`)
  })

  await t.test('it does not run as root, and npm run api-key makes a key in it', async (t) => {
    t.equal((await containers.print(['id', '-u'])).trim(), '1000')
    const printed = await containers.print(['npm', 'run', '-s', 'api-key', '--', 'web-app'])
    t.match(printed, /^ {2}API_KEYS=web-app:read\+write:[0-9a-f]{64}$/m)
  })

  const tab = syntheticTab({ gid: 0, title: 'Many', rows: ROWS, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, {
    workbooks: [
      { id: ID, title: 'Short', tabs: [tabFromRows(0, 'People', [['Name'], ['Ada'], ['Grace']])] },
      { id: LONG, title: 'Long', tabs: [tab] },
    ],
  })
  const data = await aDirectory(t)
  await chown(data, 1000, 1000)
  await chmod(data, 0o700)
  const environment = {
    HOST: '127.0.0.1',
    PORT: String(await aFreePort()),
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    GOOGLE_READS_PER_MINUTE: '6000',
  }
  const start = async () => {
    const container = containers.start(t, { data, environment })
    return { container, url: await container.printed(/"Sheetsync answers at (http[^"]+)"/) }
  }
  let { container, url } = await start()
  const first = await startSync(url, { spreadsheet: ID })

  await t.test('it downloads, and shows its pages', async (t) => {
    t.match(await pollUntil(url, first.id, finished), { state: 'succeeded' })
    t.same(await (await fetch(`${url}/spreadsheets/${ID}/tabs/People`)).json(), [{ Name: 'Ada' }, { Name: 'Grace' }])
    const page = await (await fetch(`${url}/docs`)).text()
    const links = page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)
    const parts = [...links].map(([, link = '']) => new URL(link, `${url}/docs/`).pathname)
    t.match(parts.join(), /swagger-ui-bundle\.js/)
    for (const path of [...parts, '/openapi.json', '/livez', '/readyz', '/metrics'])
      t.equal((await fetch(`${url}${path}`)).status, 200, path)
  })

  await t.test('SIGTERM ends it within 10 s, with 0; after a restart on the same volume all is there', async (t) => {
    const asked = performance.now()
    t.equal(await container.end('TERM'), 0)
    const seconds = (performance.now() - asked) / 1000
    t.comment(`ended in ${seconds.toFixed(1)} s`)
    t.ok(seconds < 10, `${seconds.toFixed(1)} s`)
    ;({ container, url } = await start())
    t.match(await getSync(url, first.id), { state: 'succeeded' })
    t.equal((await fetch(`${url}/spreadsheets/${ID}/tabs/People`)).status, 200)
  })

  await t.test('killed in the middle of a sync and started again, it goes on at once', async (t) => {
    emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { kind: 'hang' } })
    const { id } = await startSync(url, { spreadsheet: LONG, formats: ['ndjson'] })
    await pollUntil(url, id, (sync) => sync.progress.phase === 'downloading')
    await container.end('KILL')
    ;({ container, url } = await start())
    const ready = performance.now()
    await pollUntil(url, id, (sync) => sync.attempt === 2)
    const seconds = (performance.now() - ready) / 1000
    t.comment(`taken over ${seconds.toFixed(1)} s after the start`)
    t.ok(seconds < 6, `${seconds.toFixed(1)} s`)
    emulator.clearFaults()
    t.match(await pollUntil(url, id, finished), { state: 'succeeded', attempt: 2, tabs: [{ rows: ROWS - 1 }] })
    t.equal(await container.end('TERM'), 0)
  })
})
