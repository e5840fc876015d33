import { mkdir, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { ApiKeyEntry } from '../../src/api-keys-file.ts'
import { ApiClient, someEntries } from '../support/callers.ts'
import { aDirectory, anEmulator, aService } from '../support/service.ts'

const ID = '1RightsOfReaders-0123456789_abcdefghijklmnopq'
const ANN = 'ann@example.com'

/** A service whose keys have the rights of these entries. */
async function aKeyedService(t: Test, entries: readonly ApiKeyEntry[], environment: Record<string, string> = {}) {
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'R', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }],
  })
  const directory = await aDirectory(t)
  const credentials = `${directory}/credentials`
  await mkdir(credentials)
  await writeFile(`${credentials}/agency.json`, JSON.stringify(emulator.serviceAccountKey('agency')))
  const file = `${directory}/keys.json`
  const write = (keys: readonly ApiKeyEntry[]) => writeFile(file, JSON.stringify({ keys }))
  await write(entries)
  const settings = {
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    GOOGLE_ACT_AS_DOMAINS: 'example.com,other.example',
    GOOGLE_CREDENTIALS: credentials,
  }
  const service = await aService(t, { ...settings, API_KEYS_FILE: file, ...environment })
  return { ...service, emulator, write }
}

interface Problem {
  readonly code: string
  readonly detail: string
  readonly hint: string
}

/** The code of the refusal, or what was answered. */
async function outcome(answer: Promise<Response>): Promise<string> {
  const response = await answer
  const { code } = (await response.json()) as Partial<Problem>
  return response.status === 403 ? `${code}` : response.ok ? 'allowed' : `${response.status} ${code}`
}

t.test(
  'each key starts syncs with its own credentials and for people where it may, wherever one is started',
  async (t) => {
    const { entries, keys } = someEntries({
      plain: {},
      agency: { credentials: ['agency'] },
      all: { credentials: '*', actAs: true },
      acting: { actAs: true },
      boss: { scopes: ['admin'] },
      none: { credentials: [], tokens: true },
    })
    const { url } = await aKeyedService(t, Object.values(entries))
    const NO = 'CREDENTIAL_NOT_ALLOWED'
    const NOBODY = 'ACT_AS_NOT_ALLOWED'
    /** By key: default, another credential, a person of an allowed domain, of another. */
    const wanted: Record<keyof typeof keys, readonly [string, string, string, string]> = {
      plain: ['allowed', NO, NOBODY, NOBODY],
      agency: [NO, 'allowed', NO, NO],
      all: ['allowed', 'allowed', 'allowed', NOBODY],
      acting: ['allowed', NO, 'allowed', NOBODY],
      boss: ['allowed', NO, NOBODY, NOBODY],
      none: [NO, NO, NO, NO],
    }
    const readers = [{}, { credential: 'agency' }, { actAs: ANN }, { actAs: 'ann@sub.example.com' }]
    for (const [name, expected] of Object.entries(wanted) as [keyof typeof keys, readonly string[]][]) {
      const client = new ApiClient(url, keys[name])
      for (const [index, reader] of readers.entries()) {
        const request = { spreadsheet: ID, ...reader }
        const schedule = { name: 'Nightly', request, every: '1h' }
        const headers = { 'idempotency-key': `${name}-${index}` }
        const says = `${name}: ${JSON.stringify(reader)}`
        t.equal(await outcome(client.send('POST', '/syncs', request)), expected[index], says)
        t.equal(await outcome(client.send('POST', '/syncs', request, headers)), expected[index], `${says}, once`)
        t.equal(await outcome(client.send('POST', '/schedules', schedule)), expected[index], `${says}, scheduled`)
      }
    }
    const plain = new ApiClient(url, keys.plain)
    const { schedules } = await plain.json<{ schedules: { id: string }[] }>('/schedules')
    const path = `/schedules/${schedules[0]?.id}`
    t.equal(await outcome(plain.send('PATCH', path, { request: { credential: 'agency' } })), NO)
    t.equal(await outcome(plain.send('PATCH', path, { request: { actAs: ANN } })), NOBODY)
    t.equal(await outcome(plain.send('PATCH', path, { name: 'Daily' })), 'allowed')
  },
)

t.test('a credential that is not allowed is refused in the same words, be it there or not', async (t) => {
  const { entries, keys } = someEntries({ plain: {} })
  const { url } = await aKeyedService(t, [entries.plain])
  const client = new ApiClient(url, keys.plain)
  const words = async (credential: string) => {
    const answer = await client.send('POST', '/syncs', { spreadsheet: ID, credential })
    const { requestId: _, ...problem } = (await answer.json()) as { requestId: string }
    return { status: answer.status, ...problem }
  }
  const refusal = await words('agency')
  t.match(refusal, { status: 403, code: 'CREDENTIAL_NOT_ALLOWED', hint: /GET \/credentials/ })
  t.same(await words('never-heard-of'), refusal)
  t.notMatch(JSON.stringify(refusal), /agency/)
})

t.test(
  'rights that a key has lost are missed by its replays, retries and runs of schedules, and nowhere else',
  async (t) => {
    const { entries, keys } = someEntries({ web: { credentials: '*', actAs: true } })
    const { url, write, emulator } = await aKeyedService(t, [entries.web])
    const client = new ApiClient(url, keys.web)
    emulator.setAccess(ID, 'forbidden')
    const request = { spreadsheet: ID, credential: 'agency' }
    const headers = { 'idempotency-key': 'once' }
    t.equal(await outcome(client.send('POST', '/syncs', request, headers)), 'allowed')
    t.equal(await outcome(client.send('POST', '/syncs', request, headers)), 'allowed')
    const failed = await client.sync(request)
    t.equal(failed.state, 'failed')
    const saved = await client.send('POST', '/schedules', { name: 'S', request, every: '1h' })
    const { id } = (await saved.json()) as { id: string }
    t.equal(await outcome(client.send('POST', `/syncs/${failed.id}/retry`)), 'allowed')
    t.equal(await outcome(client.send('POST', `/schedules/${id}/run`)), 'allowed')

    await write([{ ...entries.web, credentials: ['default'] }])
    while ((await client.json<{ credentials: unknown }>('/me')).credentials === 'all');
    const refused = 'CREDENTIAL_NOT_ALLOWED'
    t.equal(await outcome(client.send('POST', '/syncs', request, headers)), refused)
    t.equal(await outcome(client.send('POST', `/syncs/${failed.id}/retry`)), refused)
    t.equal(await outcome(client.send('POST', `/schedules/${id}/run`)), refused)
    t.equal(await outcome(client.send('PATCH', `/schedules/${id}`, { name: 'T' })), refused)
    t.equal(await client.status('GET', `/syncs/${failed.id}`), 200, 'what it has made it goes on seeing')
    t.equal(await client.status('DELETE', `/schedules/${id}`), 204)
  },
)

t.test('a schedule whose key has lost the right or has left the file pauses at its next tick', async (t) => {
  const { entries, keys } = someEntries({
    web: { credentials: '*', actAs: true },
    gone: {},
    boss: { scopes: ['admin'] },
  })
  const { url, write } = await aKeyedService(t, Object.values(entries), { SCHEDULE_EVERY_MIN: '1s' })
  const save = async (key: string, reader: object) => {
    const request = { spreadsheet: ID, ...reader }
    const body = { name: 'S', request, every: '1s', jitter: '0s' }
    const answer = await new ApiClient(url, key).send('POST', '/schedules', body)
    return ((await answer.json()) as { id: string }).id
  }
  const boss = new ApiClient(url, keys.boss)
  const paused = async (id: string) => {
    for (;;) {
      const { state, pause } = await boss.json<{ state: string; pause: { reason: string; code: string } }>(
        `/schedules/${id}`,
      )
      if (state === 'paused') return `${pause.reason} ${pause.code}`
    }
  }
  const ids = [await save(keys.web, { credential: 'agency' }), await save(keys.web, { actAs: ANN })]
  const left = await save(keys.gone, {})
  await write([{ ...entries.web, credentials: ['default'], actAs: false }, entries.boss])
  t.same(await Promise.all([...ids, left].map(paused)), [
    'forbidden CREDENTIAL_NOT_ALLOWED',
    'forbidden ACT_AS_NOT_ALLOWED',
    'forbidden API_KEY_INVALID',
  ])
})

t.test('GET /me tells any key what it may do here, and everybody where no keys are set', async (t) => {
  const { entries, keys } = someEntries({
    plain: {},
    writer: { scopes: ['write'], credentials: ['a', 'b'], spreadsheets: [ID], tokens: true, actAs: true },
    boss: { scopes: ['admin'], credentials: '*' },
  })
  const { url } = await aKeyedService(t, Object.values(entries))
  const me = (at: string, key?: string) => new ApiClient(at, key).json('/me')
  const plain = {
    name: 'plain',
    scopes: ['read', 'write'],
    seesAll: false,
    keyed: true,
    spreadsheets: null,
    credentials: ['default'],
    tokens: false,
    actAs: false,
  }
  t.same(await me(url, keys.plain), plain)
  t.match(await me(url, keys.writer), {
    name: 'writer',
    scopes: ['write'],
    spreadsheets: [ID],
    credentials: ['a', 'b'],
    actAs: true,
  })
  t.match(await me(url, keys.boss), { scopes: ['admin'], seesAll: true, credentials: 'all', actAs: false })
  t.match(await me(url), { code: 'API_KEY_MISSING' })
  const nowhere = await aKeyedService(t, [entries.writer], { GOOGLE_ACT_AS_DOMAINS: '' })
  t.match(await me(nowhere.url, keys.writer), { actAs: false }, 'what the settings do not allow nobody may')
  const keyless = await aService(t, { GOOGLE_ACT_AS_DOMAINS: 'example.com' })
  t.same(await me(keyless.url), {
    name: null,
    scopes: ['read', 'write', 'admin'],
    seesAll: true,
    keyed: false,
    spreadsheets: null,
    credentials: 'all',
    tokens: false,
    actAs: true,
  })
})
