import { createRequire } from 'node:module'
import t from 'tap'
import { aService } from './support/service.ts'

/** Of other drivers; and of what shows the counts, which is loaded once the port is open. */
const VENDORS = ['bullmq', 'ioredis', 'pg', 'pg-pool', 'prom-client', '@opentelemetry/api']

t.test('a service on files loads nothing of what only other drivers need, or a scrape', async (t) => {
  const { url } = await aService(t, {})
  t.equal((await fetch(`${url}/livez`)).status, 200)
  const loaded = Object.keys(createRequire(import.meta.url).cache)
  t.ok(
    loaded.some((path) => path.includes('/node_modules/fastify/')),
    'what is loaded is seen',
  )
  for (const vendor of VENDORS)
    t.notOk(
      loaded.some((path) => path.includes(`/node_modules/${vendor}/`)),
      vendor,
    )
})
