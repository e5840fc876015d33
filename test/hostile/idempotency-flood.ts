import { readdir } from 'node:fs/promises'
import t from 'tap'
import { ApiClient, someKeys } from '../support/callers.ts'
import { aConfinedService } from './support/confined-service.ts'
import { folderBytes } from './support/folder-bytes.ts'

const MOST = 300

t.test('idempotency keys beyond those that are remembered are refused, and leave nothing', async (t) => {
  const { setting, keys } = someKeys({ flood: ['read', 'write'], other: ['read', 'write'] })
  const service = await aConfinedService(t, {
    environment: {
      API_KEYS: setting,
      RATE_LIMIT: 'off',
      MAX_IDEMPOTENCY_KEYS_PER_KEY: String(MOST),
      GOOGLE_API_ROOT_URL: 'http://127.0.0.1:9/',
    },
  })
  const body = { spreadsheet: '1FloodOfTheTests-0123456789' }
  const post = async (key: string, client: ApiClient) => {
    const answer = await client.send('POST', '/syncs', body, { 'idempotency-key': key })
    return { status: answer.status, problem: (await answer.json()) as { code?: string; hint?: string } }
  }
  const flood = new ApiClient(service.url, keys.flood)
  let sent = 0
  const answers = new Map<number, number>()
  let refusal: Awaited<ReturnType<typeof post>> | undefined
  const send = async () => {
    while (sent < MOST + 100) {
      const answer = await post(`flood-${sent++}`, flood)
      answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1)
      if (answer.status === 429) refusal = answer
    }
  }
  await Promise.all(Array.from({ length: 8 }, send))
  const folder = `${service.directory}/sync-status/.idempotency`
  const files = (await readdir(folder)).length
  t.comment(
    `${sent} keys sent: ${JSON.stringify([...answers])}; ${files} files, ${Math.round((await folderBytes(folder)) / 1000)} kB`,
  )
  t.match(refusal?.problem, { code: 'TOO_MANY_IDEMPOTENCY_KEYS', hint: /MAX_IDEMPOTENCY_KEYS_PER_KEY/ })
  t.ok(files <= MOST + 1, `${files} files`)
  t.equal((await post('flood-0', flood)).status, 202, 'a known key is answered')
  t.equal((await post('flood-0', new ApiClient(service.url, keys.other))).status, 202, 'others go on')
})
