import t from 'tap'
import { ApiClient, someKeys } from '../support/callers.ts'
import { aConfinedService } from './support/confined-service.ts'
import { folderBytes } from './support/folder-bytes.ts'

const CAP_MB = 8

t.test('syncs that are started and cancelled, with webhooks that nobody takes, end in refusals', async (t) => {
  const { setting, keys } = someKeys({ flood: ['read', 'write'], other: ['read', 'write'] })
  const service = await aConfinedService(t, {
    environment: {
      API_KEYS: setting,
      RATE_LIMIT: 'off',
      WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
      WEBHOOK_INSECURE: '1',
      MAX_RECORD_BYTES_PER_KEY: `${CAP_MB}MB`,
      GOOGLE_API_ROOT_URL: 'http://127.0.0.1:9/',
    },
  })
  const flood = new ApiClient(service.url, keys.flood)
  const tabs = Array.from({ length: 300 }, (_, n) => `${'a long title '.repeat(15)}${n}`)
  const body = {
    spreadsheet: '1FloodOfTheTests-0123456789',
    tabs,
    ifActive: 'start',
    webhook: { url: 'http://127.0.0.1:9/' },
  }
  let started = 0
  let refusal: { code?: string; hint?: string; status?: number } = {}
  const startAndCancel = async () => {
    while (refusal.code === undefined && started < 2000) {
      const answer = await flood.send('POST', '/syncs', body)
      const sync = (await answer.json()) as { id: string; code?: string; hint?: string }
      if (answer.status === 202) {
        started += 1
        await flood.status('POST', `/syncs/${sync.id}/cancel`)
      } else if (sync.code !== 'TOO_MANY_ACTIVE' && sync.code !== 'QUEUE_FULL') refusal = sync
    }
  }
  await Promise.all(Array.from({ length: 4 }, startAndCancel))
  const bytes = await folderBytes(`${service.directory}/sync-status`)
  t.comment(
    `${started} syncs of 60 kB started and cancelled, then ${refusal.status} ${refusal.code}; ${Math.round(bytes / 1e6)} MB are kept`,
  )
  t.match(refusal, { code: 'TOO_MANY_KEPT', status: 429, hint: /MAX_RECORD_BYTES_PER_KEY/ })
  t.ok(bytes < (CAP_MB + 10) * 1e6, `${bytes} bytes`)
  t.equal((await new ApiClient(service.url, keys.other).send('POST', '/syncs', body)).status, 202, 'others go on')
})
