import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { aReceiver } from '../support/receiver.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, pollUntil, startSync } from '../support/service.ts'

const ID = '1Killed-0123456789_abcdefghijklmnopqrstuvwxyz'

/** Kills the process when it writes the log line that follows the record of a sync's end, and comes before its webhook. */
const DIE_AT_THE_END = `
  import fs from 'node:fs'
  for (const name of ['write', 'writeSync']) {
    const original = fs[name]
    fs[name] = (descriptor, text, ...rest) => {
      if (String(text).includes('"sync succeeded"')) process.kill(process.pid, 'SIGKILL')
      return original(descriptor, text, ...rest)
    }
  }
`

async function aWorld(t: Test) {
  const workbook = { id: ID, title: 'Told', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  const directory = await aDirectory(t)
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const environment = {
    ...environmentFor(directory),
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    WEBHOOK_SECRET: secret,
    WEBHOOK_INSECURE: '1',
  }
  return { directory, environment, secret }
}

t.test('a service that is killed between the end of a sync and its webhook sends it after its restart', async (t) => {
  const { directory, environment, secret } = await aWorld(t)
  const receiver = await aReceiver(t)
  const doomed = await aServiceProcess(t, environment, [
    '--import',
    `data:text/javascript,${encodeURIComponent(DIE_AT_THE_END)}`,
    'src/server.ts',
  ])
  const died = new Promise((resolve) => doomed.process.once('exit', (_, signal) => resolve(signal)))
  const { id } = await startSync(doomed.url, { spreadsheet: ID, webhook: { url: receiver.url } })
  t.equal(await died, 'SIGKILL')
  const left = JSON.parse(await readFile(`${directory}/sync-status/${id}.json`, 'utf8')) as SyncView
  t.match(left, { state: 'succeeded', webhook: { state: 'pending', tries: 0 } }, 'the end is recorded, nothing is sent')
  t.equal(receiver.received.length, 0)
  const next = await aServiceProcess(t, environment)
  const [message] = await receiver.has(1)
  t.match(new Webhook(secret).verify(message?.body ?? '', message?.headers as Record<string, string>), {
    type: 'sync.succeeded',
    data: { id, revision: left.revision },
  })
  await pollUntil(next.url, id, (sync) => sync.webhook?.state === 'delivered')
  t.equal(await next.end('SIGTERM'), 0)
  t.equal(receiver.received.length, 1)
})

t.test(
  'a receiver that is away when a sync ends is told once it is back, though the service was killed since',
  async (t) => {
    const { environment } = await aWorld(t)
    const receiver = await aReceiver(t, [503, 204])
    const first = await aServiceProcess(t, environment)
    const { id } = await startSync(first.url, { spreadsheet: ID, webhook: { url: receiver.url } })
    await pollUntil(first.url, id, (sync) => sync.webhook?.attempts.length === 1)
    t.equal(await first.end('SIGKILL'), 'SIGKILL')
    const next = await aServiceProcess(t, environment)
    const [one, other] = await receiver.has(2)
    t.equal(one?.headers['webhook-id'], other?.headers['webhook-id'])
    t.equal(one?.body, other?.body)
    const { webhook } = await pollUntil(next.url, id, (sync) => sync.webhook?.state === 'delivered')
    t.match(webhook, { tries: 2, attempts: [{ status: 503 }, { status: 204 }] })
    t.equal(await next.end('SIGTERM'), 0)
  },
)

t.test('two processes on one folder send each webhook once', async (t) => {
  const { environment } = await aWorld(t)
  const receiver = await aReceiver(t)
  const services = [await aServiceProcess(t, environment), await aServiceProcess(t, environment)]
  const syncs = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      startSync(services[index % 2]?.url ?? '', {
        spreadsheet: ID,
        ifActive: 'start',
        webhook: { url: receiver.url },
      }),
    ),
  )
  for (const [index, { id }] of syncs.entries()) {
    await pollUntil(services[(index + 1) % 2]?.url ?? '', id, (sync) => sync.webhook?.state === 'delivered')
  }
  t.equal(receiver.received.length, syncs.length)
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, syncs.length)
  for (const service of services) t.equal(await service.end('SIGTERM'), 0)
})
