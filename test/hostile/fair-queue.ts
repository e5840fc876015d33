import t, { type Test } from 'tap'
import { aRedisServer } from '../support/own-servers.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import { aConfinedService } from './support/confined-service.ts'
import { anIllOwner } from './support/ill-owner.ts'

const STORAGES = {
  redis: async (t: Test) => (await aRedisServer(t)).url,
  postgres: aDatabaseUrl,
} as const

for (const kind of ['redis', 'postgres'] as const) {
  const skip = (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`sixty failing syncs of one owner hold up no other in a worker on ${kind}`, { skip }, async (t) => {
    const { environment, startAll, otherMs } = await anIllOwner(t, { status: 500 })
    const settings = { ...environment, STORAGE_URL: await STORAGES[kind](t) }
    const [api] = await Promise.all([
      aConfinedService(t, { environment: { ...settings, ROLE: 'api' } }),
      aConfinedService(t, { environment: { ...settings, ROLE: 'worker' } }),
    ])
    await otherMs(api.url)
    const alone = await otherMs(api.url)
    await startAll(api.url)
    const took = [await otherMs(api.url), await otherMs(api.url), await otherMs(api.url)]
    t.comment(`alone ${alone} ms; behind them ${took.join(', ')} ms`)
    t.ok(Math.max(...took) < 6000)
  })
}
