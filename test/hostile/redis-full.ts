import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { anOwnRedis, aRedisClient, whyNoRedisServer } from '../support/redis.ts'
import { aConfinedService } from './support/confined-service.ts'

const skip = await whyNoRedisServer()

t.test('a Redis that is full is told by /readyz, and by POST with what to do', { skip }, async (t) => {
  const redis = await anOwnRedis(t, ['--maxmemory', '8mb', '--maxmemory-policy', 'noeviction', '--appendfsync', 'no'])
  const service = await aConfinedService(t, {
    environment: {
      STORAGE_URL: redis.url,
      RATE_LIMIT: 'off',
      MAX_QUEUED: '100000',
      GOOGLE_API_ROOT_URL: 'http://127.0.0.1:9/',
    },
  })
  while ((await fetch(`${service.url}/readyz`)).status !== 200) await delay(50)
  const tabs = Array.from({ length: 300 }, (_, n) => `${'a long title '.repeat(15)}${n}`)
  const body = JSON.stringify({ spreadsheet: '1FloodOfTheTests-0123456789', tabs, ifActive: 'start' })
  const headers = { 'content-type': 'application/json' }
  let started = 0
  let refused: Response
  for (;;) {
    refused = await fetch(`${service.url}/syncs`, { method: 'POST', headers, body })
    if (refused.status !== 202) break
    await refused.arrayBuffer()
    started += 1
  }
  t.equal(refused.status, 503)
  t.match(await refused.json(), { code: 'STORAGE_FULL', hint: /maxmemory/ })
  let ready: Response
  do ready = await fetch(`${service.url}/readyz`)
  while (ready.status === 200 && (await ready.arrayBuffer()))
  t.comment(`${started} syncs of 60 kB filled 8 MB: POST ${refused.status}, /readyz ${ready.status}`)
  t.equal(ready.status, 503)
  t.match(await ready.json(), { code: 'STORAGE_FULL', hint: /maxmemory/ })
  await aRedisClient(t, redis.url).config('SET', 'maxmemory', '100mb')
  while ((await fetch(`${service.url}/readyz`)).status !== 200) await delay(50)
  t.equal((await fetch(`${service.url}/syncs`, { method: 'POST', headers, body })).status, 202, 'all is well again')
})
