import t from 'tap'
import { createApiKey } from '../../src/api-keys.ts'
import { ANN, anEmulatorOfPeople, aTokenKey, TokenClient } from '../support/own-tokens.ts'
import { aDirectory, aServiceProcess, environmentFor } from '../support/service.ts'

t.test('API keys have no right to tokens by themselves', async (t) => {
  const emulator = await anEmulatorOfPeople(t)
  const { key, entry } = createApiKey('app', ['admin'])
  const environment = { ...environmentFor(await aDirectory(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const service = await aServiceProcess(t, { ...environment, TOKEN_KEY: aTokenKey(), API_KEYS: entry })
  const client = new TokenClient(service.url, key, emulator.userToken({ email: ANN }).access_token)
  t.match(await client.answer('GET', '/syncs'), { status: 403, body: { code: 'TOKENS_NOT_ALLOWED' } })
})

t.test('a TOKEN_KEY that is none stops the start, and is not repeated', async (t) => {
  const environment = { ...environmentFor(await aDirectory(t)), TOKEN_KEY: 'an-odd-secret-8471' }
  const ended = aServiceProcess(t, environment)
  await t.rejects(ended, /ended with 1/)
  const reason = await ended.catch(String)
  t.match(reason, /TOKEN_KEY must be 32 random bytes in base64 or hex/)
  t.notMatch(reason, '8471')
})
