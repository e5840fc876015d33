import t, { type Test } from 'tap'
import { WorkerPool } from '../../src/concurrency/worker-pool.ts'
import { die, double, refuse, share } from './worker-functions.ts'

const MODULE = new URL('worker-functions.ts', import.meta.url).href

function aPool(t: Test): WorkerPool {
  const pool = new WorkerPool({ threads: 1 })
  t.teardown(() => pool.close())
  return pool
}

t.test('a function that throws rejects its own call, and no other', async (t) => {
  const pool = aPool(t)
  const others = [1, 2, 3].map((n) => pool.run(MODULE, double, { n }))
  await t.rejects(pool.run(MODULE, refuse, {}), { message: 'this is refused' })
  t.same(await Promise.all(others), [{ n: 2 }, { n: 4 }, { n: 6 }])
})

t.test(
  'a thread that dies leaves no call hanging, and the next call has another thread',
  { timeout: 20_000 },
  async (t) => {
    const pool = aPool(t)
    await pool.run(MODULE, double, { n: 1 })
    const calls = [pool.run(MODULE, die, {}), ...[1, 2, 3, 4].map((n) => pool.run(MODULE, double, { n }))]
    const settled = await Promise.allSettled(calls)
    t.equal(settled[0]?.status, 'rejected')
    t.same(await pool.run(MODULE, double, { n: 21 }), { n: 42 })
  },
)

t.test('two views of one buffer change threads together', async (t) => {
  const { one, other } = await aPool(t).run(MODULE, share, { bytes: new Uint8Array([1, 2, 3]) })
  t.same([...one, ...other], [1, 2, 3])
})
