import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SnapshotUsage } from '../../src/ports/snapshot-store.ts'
import { SnapshotLimits } from '../../src/syncs/snapshot-limits.ts'
import { FakeClock } from '../support/fake-clock.ts'

function someLimits() {
  const clock = new FakeClock()
  const total: SnapshotUsage = { snapshots: 0, bytes: 0 }
  const world = { total, own: total, counts: 0, clock }
  const snapshots = {
    usage: (createdBy?: string | null) => (createdBy === undefined ? world.total : world.own),
    count: async () => {
      world.counts += 1
      if (world.counts === 1) throw new AppError('STORAGE_UNAVAILABLE', 'the disk is away')
    },
  }
  const most = { maxBytes: 2_500_000, maxBytesPerKey: 1_000_000, maxSnapshotsPerKey: 3 }
  const limits = new SnapshotLimits({ snapshots, clock, log: silentLog, intervalMs: 1000, ...most })
  return { world, limits }
}

t.test('each limit refuses at its number, and names its setting', async (t) => {
  const { world, limits } = someLimits()
  world.total = { snapshots: 9, bytes: 2_499_999 }
  world.own = { snapshots: 2, bytes: 999_999 }
  limits.requireRoom('ann')
  world.own = { snapshots: 3, bytes: 1 }
  t.throws(() => limits.requireRoom('ann'), { code: 'SNAPSHOTS_FULL', status: 507, hint: /MAX_SNAPSHOTS_PER_KEY/ })
  world.own = { snapshots: 1, bytes: 1_000_000 }
  t.throws(() => limits.requireRoom('ann'), { message: /ann .*\b1 MB/, hint: /SNAPSHOT_BYTES_PER_KEY/ })
  limits.requireRoom(null)
  world.total = { snapshots: 9, bytes: 2_500_000 }
  t.throws(() => limits.requireRoom(null), { message: /2\.5 MB/, hint: /DELETE.*SNAPSHOT_BYTES_MAX/ })
})

t.test('where no sweeper does, it counts by timer, at once and after a failure too', async (t) => {
  const { world, limits } = someLimits()
  limits.start()
  while (world.counts < 3) await world.clock.advance(500)
  t.equal(world.clock.monotonic() >= 2000, true)
  await limits.close()
})
