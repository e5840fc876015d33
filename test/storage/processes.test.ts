import t from 'tap'
import { tableOfPids } from '../../src/disk/process-table.ts'
import { LEASE_TIMEOUT_MS, LeaseObserver } from '../../src/jobs/lease-observer.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { systemProcesses } from '../../src/storage/files/processes.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FileLeases } from '../support/key-value-stores.ts'
import { testFolder } from '../support/test-folder.ts'

const FACTS = { pid: 40, start: '1700000000123', host: 'desk-7', bootedAt: 1_700_000_000, exists: () => true }
const processesOf = (facts: Partial<typeof FACTS> = {}) => systemProcesses(tableOfPids({ ...FACTS, ...facts }))

t.test(
  'without start times, a pid that somebody has says nothing, and one that nobody has says that it ended',
  async (t) => {
    const { self } = processesOf({ pid: 44 })
    t.match(self, /^[A-Za-z0-9-]+$/)
    t.equal(processesOf().isGone(self), false)
    t.equal(processesOf({ exists: (pid: number) => pid !== 44 } as Partial<typeof FACTS>).isGone(self), true)
  },
)

t.test('an earlier process that had our own pid has ended', async (t) => {
  const earlier = processesOf({ start: '1600000000000' }).self
  t.equal(processesOf().isGone(earlier), true)
  t.equal(processesOf().isGone(processesOf().self), false)
})

t.test(
  'a boot is known by its time, give or take what the clock was set by; of others nothing is claimed',
  async (t) => {
    const gone = { exists: () => false }
    const moved = processesOf({ pid: 44, bootedAt: FACTS.bootedAt + 20 }).self
    t.equal(processesOf().isOfThisBoot(moved), true)
    t.equal(processesOf(gone).isGone(moved), true)
    for (const other of [
      processesOf({ pid: 44, bootedAt: FACTS.bootedAt - 3600 }).self,
      processesOf({ pid: 44, host: 'desk-8' }).self,
      '44-0-host-6465736b',
      '',
      'x',
    ]) {
      t.equal(processesOf().isOfThisBoot(other), false, other)
      t.equal(processesOf(gone).isGone(other), false, other)
    }
  },
)

t.test('a pid that was given out again keeps a dead owner’s sync no longer than the lease', async (t) => {
  const clock = new FakeClock()
  const directory = testFolder(t)
  const dead = new FileLeases({ directory, clock, processes: processesOf({ pid: 44 }) })
  await dead.start()
  const id = newSyncId()
  await dead.renew(id, 1)
  // Pid 44 is another program's by now.
  const observer = new LeaseObserver(new FileLeases({ directory, clock, processes: processesOf() }), clock)
  let waited = 0
  while (!(await observer.isOwnerDead(id, 1))) {
    clock.leap(2000)
    waited += 2000
    if (waited > 60_000) return t.fail('it is kept for ever')
  }
  t.ok(waited >= LEASE_TIMEOUT_MS && waited <= LEASE_TIMEOUT_MS + 2000, `${waited} ms`)
})
