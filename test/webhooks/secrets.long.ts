import { readdir, readFile, stat } from 'node:fs/promises'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { aReceiver } from '../support/receiver.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, pollUntil, startSync } from '../support/service.ts'

const ID = '1Canary-0123456789_abcdefghijklmnopqrstuvwxyz'
const KEY = 'canary-of-the-webhook-secret-4711'
const TOKEN = 'canary-of-the-url-0815'

t.test('a webhook secret is nowhere but in signatures, and what a URL holds is in no log', async (t) => {
  const workbook = { id: ID, title: 'Secret', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  const directory = await aDirectory(t)
  const base64 = Buffer.from(KEY).toString('base64')
  const service = await aServiceProcess(t, {
    ...environmentFor(directory),
    LOG_LEVEL: 'trace',
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    WEBHOOK_SECRET: `whsec_${base64}`,
    WEBHOOK_INSECURE: '1',
  })
  const echo = await aReceiver(t, [
    (request, response) => void response.writeHead(500, { 'retry-after': '1' }).end(JSON.stringify(request.headers)),
  ])
  const taking = await aReceiver(t)
  const urls = [
    `${echo.url}/${TOKEN}?token=${TOKEN}#${TOKEN}`,
    `${taking.url}/${TOKEN}?token=${TOKEN}`,
    `http://127.0.0.1:9/${TOKEN}?token=${TOKEN}`,
    `http://no-such-host.invalid/?${TOKEN}`,
  ]
  const told: string[] = []
  for (const url of urls) {
    const { id } = await startSync(service.url, { spreadsheet: ID, ifActive: 'start', webhook: { url } })
    const sync = await pollUntil(service.url, id, ({ webhook }) => (webhook?.attempts.length ?? 0) > 0)
    t.notMatch(JSON.stringify(sync.webhook?.attempts), TOKEN, 'the log of a sync')
    told.push(JSON.stringify(sync))
    await fetch(`${service.url}/syncs/${id}/webhook/redeliver`, { method: 'POST' })
  }
  for (const url of [`ftp://x/?${TOKEN}`, `http://${TOKEN}@x/`, TOKEN]) {
    const answer = await fetch(`${service.url}/syncs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ spreadsheet: ID, webhook: { url } }),
    })
    t.equal(answer.status, 400)
    t.notMatch(await answer.text(), TOKEN, 'a refusal')
  }
  t.equal(await service.end('SIGTERM'), 0)
  t.match(service.output(), /webhook delivered/)
  t.match(service.output(), /a webhook was not taken/)
  t.notMatch(service.output(), TOKEN, 'the log')
  const messages = JSON.stringify([...echo.received, ...taking.received])
  const files = (await readdir(directory, { recursive: true })).map((name) => `${directory}/${name}`)
  for (const secret of [KEY, base64, Buffer.from(KEY).toString('hex')]) {
    for (const said of [service.output(), messages, ...told]) t.notMatch(said, secret)
    for (const file of files) if ((await stat(file)).isFile()) t.notMatch(await readFile(file, 'utf8'), secret, file)
  }
})
