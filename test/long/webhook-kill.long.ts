import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { aReceiver } from '../support/receiver.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, pollUntil, startSync } from '../support/service.ts'

const ID = '1Doomed-0123456789_abcdefghijklmnopqrstuvwxyz'
const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`

t.test(
  'a service that is killed while a message is under way has it sent again within 40 s, by whoever is there',
  { timeout: 120_000 },
  async (t) => {
    const workbook = { id: ID, title: 'Told', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }
    const emulator = await anEmulator(t, { workbooks: [workbook] })
    const environment = {
      ...environmentFor(await aDirectory(t)),
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      WEBHOOK_SECRET: SECRET,
      WEBHOOK_INSECURE: '1',
    }
    // The first message is never answered: its sender dies with it.
    const receiver = await aReceiver(t, [() => undefined, 204])
    const doomed = await aServiceProcess(t, environment)
    const { id } = await startSync(doomed.url, { spreadsheet: ID, webhook: { url: receiver.url } })
    await receiver.has(1)
    t.equal(await doomed.end('SIGKILL'), 'SIGKILL')
    const killed = performance.now()
    const next = await aServiceProcess(t, environment)
    const [one, other] = await receiver.has(2)
    const seconds = (performance.now() - killed) / 1000
    t.ok(seconds <= 40, `sent again after ${seconds.toFixed(1)} s`)
    t.equal(one?.headers['webhook-id'], other?.headers['webhook-id'], 'as the same message')
    t.equal(one?.body, other?.body)
    new Webhook(SECRET).verify(other?.body ?? '', other?.headers as Record<string, string>)
    const { webhook } = await pollUntil(next.url, id, (sync) => sync.webhook?.state === 'delivered')
    t.match(webhook, { tries: 2, attempts: [{ status: 204 }] })
    t.equal(await next.end('SIGTERM'), 0)
  },
)
