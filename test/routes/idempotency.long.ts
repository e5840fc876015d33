import { readdir } from 'node:fs/promises'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { anEmulator, aServiceProcess, environmentFor, finished, pollUntil } from '../support/service.ts'
import { testFolder } from '../support/test-folder.ts'
import { ID, post } from './posted-syncs.ts'

t.test(
  'two processes: of 200 requests at once with one key one starts a sync, and repeats find it after a restart',
  { timeout: 120_000 },
  async (t) => {
    const emulator = await anEmulator(t, {
      workbooks: [{ id: ID, title: 'Twice', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }],
    })
    const directory = testFolder(t)
    const environment = { ...environmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl }
    const services = await Promise.all([aServiceProcess(t, environment), aServiceProcess(t, environment)])
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => post(services[n % 2]?.url ?? '', 'one-key')),
    )
    const started = answers.filter(({ status }) => status === 202)
    t.equal(new Set(started.map(({ sync }) => sync.id)).size, 1)
    t.equal(started.filter(({ headers }) => headers.get('idempotent-replayed') === null).length, 1)
    for (const { status, headers } of answers) {
      if (status === 202) continue
      t.equal(status, 409)
      t.equal(headers.get('retry-after'), '1')
    }
    const id = started[0]?.sync.id ?? ''
    await pollUntil(services[0]?.url ?? '', id, finished)
    t.same(
      (await readdir(`${directory}/sync-status`)).filter((name) => name.startsWith('sync-')),
      [`${id}.json`],
    )
    for (const service of services) {
      t.equal((await post(service.url, 'one-key')).sync.id, id)
      await service.end('SIGKILL')
    }
    const restarted = await aServiceProcess(t, environment)
    const again = await post(restarted.url, 'one-key')
    t.equal(again.sync.id, id)
    t.equal(again.headers.get('idempotent-replayed'), 'true')
    t.same(await readdir(`${directory}/sync-status/.tmp`), [], 'nothing is left')
    t.equal(await restarted.end('SIGTERM'), 0)
  },
)
