import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { systemProcesses } from '../../src/storage/files/processes.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FileLeases } from '../support/key-value-stores.ts'
import { testFolder } from '../support/test-folder.ts'
import { testLeaseStore } from './lease-conformance.ts'

await testLeaseStore(t, 'FileLeases', async (t) => {
  const directory = testFolder(t)
  return { open: async () => new FileLeases({ directory, clock: systemClock }) }
})

t.test('a lease that was never told is undefined', async (t) => {
  const { leases } = await setUp(t)
  t.equal(await leases.read(newSyncId(), 1), undefined)
  t.equal(await leases.read('../x', 1), undefined)
})

t.test('each beat changes the sign, which stays the same in between', async (t) => {
  const { leases, another } = await setUp(t)
  const other = await another()
  const id = newSyncId()
  const signs = new Set<string | undefined>()
  for (let beat = 0; beat < 20; beat++) {
    await leases.renew(id, 1)
    const sign = await other.read(id, 1)
    t.same(await leases.read(id, 1), sign)
    t.equal(sign?.ownerIsGone, false)
    signs.add(sign?.heartbeat)
  }
  t.equal(signs.size, 20)
})

t.test('epochs have leases of their own; drop removes this and earlier ones', async (t) => {
  const { leases, directory } = await setUp(t)
  const id = newSyncId()
  const other = newSyncId()
  for (const epoch of [1, 2, 3]) await leases.renew(id, epoch)
  await leases.renew(other, 1)
  await leases.release(id, 2)
  t.equal(await leases.read(id, 1), undefined)
  t.equal(await leases.read(id, 2), undefined)
  t.ok(await leases.read(id, 3))
  t.ok(await leases.read(other, 1))
  await leases.release(newSyncId(), 1)
  t.same(await readdir(`${directory}/.tmp`), [])
})

t.test('an owner that has ended is known to be gone, one that lives is not', async (t) => {
  const { leases, directory } = await setUp(t)
  const id = newSyncId()
  const child = spawn(
    process.execPath,
    [
      '--input-type=module-typescript',
      '--eval',
      `import { FileLeases } from ${JSON.stringify(new URL('../support/key-value-stores.ts', import.meta.url))}
       import { systemClock } from ${JSON.stringify(new URL('../../src/system-clock.ts', import.meta.url))}
       const leases = new FileLeases({ directory: process.argv[1], clock: systemClock })
       await leases.start()
       await leases.renew(process.argv[2], 1)
       process.stdout.write('beaten')
       setInterval(() => {}, 1000)`,
      directory,
      id,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout, 'data')
  t.equal((await leases.read(id, 1))?.ownerIsGone, false)
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.equal((await leases.read(id, 1))?.ownerIsGone, true)
})

t.test('a process is told from a later one that was given its number, and of another boot nothing is claimed', (t) => {
  const processes = systemProcesses()
  const [pid, start, ...place] = processes.self.split('-')
  t.equal(processes.isGone(processes.self), false)
  t.equal(processes.isGone([pid, Number(start) + 1, ...place].join('-')), true)
  t.equal(processes.isGone([pid, Number(start) + 1, place[0], 'another0boot'].join('-')), false)
  t.equal(processes.isGone([pid, Number(start) + 1, '1', place[1]].join('-')), false)
  t.equal(processes.isGone(''), false)
  t.equal(processes.isGone('0-0'), false)
  t.end()
})

async function setUp(t: Test): Promise<{ leases: FileLeases; another: () => Promise<FileLeases>; directory: string }> {
  const directory = testFolder(t)
  const another = async () => {
    const leases = new FileLeases({ directory, clock: systemClock })
    await leases.start()
    return leases
  }
  return { leases: await another(), another, directory }
}
