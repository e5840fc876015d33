import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { aDirectory, anEmulator, finished, getSync, pollUntil, startSync } from '../support/service.ts'
import { FORMATS, sameRows } from './support/same-rows.ts'
import { skip, Wine, windowsEnvironmentFor } from './support/wine.ts'

const ID = '1Restarts-0123456789_abcdefghijklmnopqrstuvw'
/** A lease is taken over 26 s after its owner's last sign of life, and at once where that owner is known to have ended. */
const LEASE_MS = 30_000

t.test('the service on Windows, ended and started again', { skip }, async (t) => {
  const wine = await Wine.start(t)
  const { emulator, environment, statuses } = await aFolder(t)

  t.test('killed in the middle of a sync, it goes on with it after the next start', async (t) => {
    const first = await wine.startService(environment)
    const { id } = await startSync(first.url, { spreadsheet: ID, formats: [...FORMATS] })
    await pollUntil(first.url, id, (sync) => sync.progress.apiCalls > 1)
    t.equal(await first.end('SIGKILL'), 'SIGKILL')

    const second = await wine.startService({ ...environment, STATUS_TTL: '1s', SWEEP_INTERVAL: '500ms' })
    const began = performance.now()
    const done = await pollUntil(second.url, id, finished)
    t.match(done, { state: 'succeeded', attempt: 2, tabs: [{ rows: 19_999 }] })
    t.ok(performance.now() - began < LEASE_MS, 'resumed within the lease')
    await sameRows(t, second.url, emulator.rootUrl, ID, ['Many'])

    await pollUntilGone(second.url, id)
    t.same(
      (await readdir(statuses)).filter((name) => name.startsWith('sync-')),
      [],
      'what has expired is swept',
    )
    t.equal(await second.end('SIGKILL'), 'SIGKILL')
  })

  t.test('Ctrl-C: the running sync is recorded as interrupted and goes on after the next start', async (t) => {
    const first = await wine.startService(environment)
    const { id } = await startSync(first.url, { spreadsheet: ID })
    await pollUntil(first.url, id, (sync) => sync.progress.apiCalls > 1)
    const began = performance.now()
    t.equal(await first.end('SIGINT'), 0, 'the exit code is 0')
    t.ok(performance.now() - began < 10_000, 'within 10 s')
    t.match(await first.output(), /"reason":"SIGINT".*"stopped"/s)
    t.match(JSON.parse(await readFile(`${statuses}/${id}.json`, 'utf8')), { state: 'interrupted' })

    const second = await wine.startService(environment)
    const done = await pollUntil(second.url, id, finished)
    t.match(done, { state: 'succeeded', attempt: 2, tabs: [{ rows: 19_999 }] })
    t.equal(await second.end('SIGINT'), 0)
  })

  t.test(
    'two processes on one folder: either answers for a sync, and goes on with it when the other dies',
    async (t) => {
      const services = [await wine.startService(environment), await wine.startService(environment)]
      const [one, other] = services as [(typeof services)[0], (typeof services)[0]]
      const { id } = await startSync(one.url, { spreadsheet: ID, formats: [...FORMATS] })
      t.match(await getSync(other.url, id), { id }, 'there as soon as it was accepted')
      await pollUntil(other.url, id, (sync) => sync.progress.apiCalls > 1)
      // Both look for work, so either may run it.
      const isMine = (await one.output()).includes(`"syncId":"${id}","epoch"`)
      const [owner, survivor] = isMine ? [one, other] : [other, one]
      t.equal(await owner.end('SIGKILL'), 'SIGKILL')
      const began = performance.now()
      const done = await pollUntil(survivor.url, id, finished)
      t.match(done, { state: 'succeeded', attempt: 2, tabs: [{ rows: 19_999 }] })
      t.ok(performance.now() - began < LEASE_MS, 'taken over within the lease')
      await sameRows(t, survivor.url, emulator.rootUrl, ID, ['Many'])
      t.equal(await survivor.end('SIGINT'), 0)
    },
  )
})

async function aFolder(t: Test) {
  const tab = syntheticTab({ gid: 0, title: 'Many', rows: 20_000, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'Restarted', tabs: [tab] }],
    latency: { baseMs: 500 },
  })
  const directory = await aDirectory(t)
  return {
    emulator,
    environment: { ...windowsEnvironmentFor(directory), GOOGLE_API_ROOT_URL: emulator.rootUrl },
    statuses: `${directory}/sync-status`,
  }
}

async function pollUntilGone(url: string, id: string): Promise<void> {
  while ((await fetch(`${url}/syncs/${id}`)).status !== 404) await delay(100)
}
