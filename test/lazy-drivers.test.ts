import { createRequire } from 'node:module'
import t from 'tap'
import { aService } from './support/service.ts'

const VENDORS = ['bullmq', 'ioredis', 'pg', 'pg-pool']

t.test('a service on files loads nothing of what only other drivers need', async (t) => {
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
