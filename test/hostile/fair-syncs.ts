import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { aConfinedService } from './support/confined-service.ts'
import { anIllOwner } from './support/ill-owner.ts'

t.test('sixty syncs of one owner that Google answers with 500 hold up no other owner', async (t) => {
  const { environment, startAll, otherMs } = await anIllOwner(t, { status: 500 })
  const { url } = await aConfinedService(t, { environment })
  await otherMs(url)
  const alone = await otherMs(url)
  await startAll(url)
  const early = await otherMs(url)
  // By now its first syncs have let go of their slots for good, and as many as may be are under way without one.
  await delay(9000)
  const late = [await otherMs(url), await otherMs(url)]
  t.comment(`alone ${alone} ms; after the first faults ${early} ms, 9 s later ${late.join(' and ')} ms`)
  t.ok(Math.max(early, ...late) < 3000)
})

t.test('sixty syncs of one owner that Google never answers hold up no other owner for long', async (t) => {
  const { environment, startAll, otherMs } = await anIllOwner(t, { kind: 'hang' })
  const { url } = await aConfinedService(t, { environment })
  await otherMs(url)
  const alone = await otherMs(url)
  await startAll(url)
  const early = await otherMs(url)
  const late = await otherMs(url)
  t.comment(`alone ${alone} ms; at once ${early} ms, then ${late} ms`)
  t.ok(Math.max(early, late) < 6000)
})
