import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { ApiClient, someEntries } from '../support/callers.ts'
import { aRedisServer } from '../support/own-servers.ts'
import { ANN, BOOK, HEADER } from '../support/own-tokens.ts'
import { aDatabaseUrl, isThere } from '../support/queue-servers.ts'
import { aReceiver } from '../support/receiver.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, finished } from '../support/service.ts'
import { contentsOf, filesUnder } from '../support/storage-contents.ts'

const STORAGES = {
  files: async (t: Test) => `file:${await aDirectory(t)}/sync-status`,
  redis: async (t: Test) => (await aRedisServer(t)).url,
  postgres: aDatabaseUrl,
} as const

/** A secret of no form that redaction knows, with characters that JSON and URLs escape. */
const odd = (name: string) => `zq"${name}\\${randomBytes(9).toString('hex')}~/x`

/** A secret in every form in which it might be written down; of one of several lines each. */
function formsOf(secret: string): string[] {
  const lines = secret.split('\n').filter((line) => line.length > 8 && !line.startsWith('-----'))
  return lines.flatMap((line) => [
    line,
    JSON.stringify(line).slice(1, -1),
    encodeURIComponent(line),
    Buffer.from(line).toString('base64').slice(0, 30),
    Buffer.from(line).toString('hex'),
  ])
}

for (const kind of ['files', 'redis', 'postgres'] as const) {
  const skip = kind === 'files' || (await isThere(kind)) ? false : `no ${kind} here`
  t.test(`no secret of any kind is anywhere after a day's work on ${kind}`, { skip }, async (t) => {
    const emulator = await anEmulator(t, {
      requireAuth: true,
      workbooks: [{ id: BOOK, title: 'Shared', tabs: [tabFromRows(0, 'People', [['Name'], ['Ada'], ['Grace']])] }],
    })
    const apart = await aDirectory(t)
    const serviceAccount = emulator.serviceAccountKey('agency')
    const person = { ...emulator.userCredentials(ANN), client_secret: odd('client-secret') }
    await mkdir(`${apart}/credentials`)
    const write = (name: string, content: object) => writeFile(`${apart}/${name}.json`, JSON.stringify(content))
    await write('credentials/agency', serviceAccount)
    await write('credentials/person', person)
    const { entries, keys } = someEntries({
      app: { tokens: true, credentials: '*', actAs: true },
      admin: { scopes: ['admin'], tokens: true, credentials: '*' },
    })
    await write('keys', { keys: Object.values(entries) })
    const token = emulator.userToken({ email: ANN, accessToken: odd('own-token') }).access_token
    const tokenKey = randomBytes(32)
    const webhookKey = randomBytes(32).toString('base64')
    const apiKey = 'CanaryWithoutTheFormOfAGoogleKey8471'
    const url = await STORAGES[kind](t)
    const directory = await aDirectory(t)
    const environment = {
      ...environmentFor(directory),
      STORAGE_URL: url,
      LOG_LEVEL: 'trace',
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      GOOGLE_API_KEY: apiKey,
      GOOGLE_CREDENTIALS: `${apart}/credentials`,
      GOOGLE_ACT_AS_DOMAINS: 'example.com',
      API_KEYS_FILE: `${apart}/keys.json`,
      TOKEN_KEY: tokenKey.toString('base64'),
      WEBHOOK_SECRET: `whsec_${webhookKey}`,
      WEBHOOK_INSECURE: '1',
      HISTORY_TTL: '1d',
      STATUS_TTL: '20s',
      SWEEP_INTERVAL: '500ms',
      SYNC_DEADLINE: '10s',
    }
    const roles = kind === 'files' ? ['all'] : ['api', 'worker']
    const services = await Promise.all(roles.map((ROLE) => aServiceProcess(t, { ...environment, ROLE })))
    const { url: at } = services[0] as (typeof services)[number]
    const receiver = await aReceiver(t)
    const secrets: Record<string, string> = {
      'an API key': keys.app,
      'an admin key': keys.admin,
      'the digest of a key': createHash('sha256').update(keys.app).digest('hex'),
      TOKEN_KEY: tokenKey.toString('base64'),
      'TOKEN_KEY in hex': tokenKey.toString('hex'),
      'a private key': serviceAccount.private_key ?? '',
      'the id of a private key': serviceAccount.private_key_id ?? '',
      'a refresh token': String((person as Record<string, string>).refresh_token),
      'a client secret': person.client_secret,
      "a user's token": token,
      GOOGLE_API_KEY: apiKey,
      WEBHOOK_SECRET: webhookKey,
    }
    const answers: string[] = []
    const ask = async (key: string, method: string, path: string, body?: unknown, headers = {}) => {
      const answer = await new ApiClient(at, key).send(method, path, body, headers)
      const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
      if (isStream) await answer.body?.cancel()
      const said = isStream ? '' : await answer.text()
      answers.push(JSON.stringify([...answer.headers]), said)
      return said
    }
    const own = { [HEADER]: token }
    const sync = async (body: object, headers = {}) => {
      const asked = { spreadsheet: BOOK, ifActive: 'start', webhook: { url: receiver.url }, ...body }
      let view = JSON.parse(await ask(keys.app, 'POST', '/syncs', asked, headers)) as SyncView
      while (!finished(view)) {
        const waiting = { ...headers, prefer: 'wait=20' }
        view = JSON.parse(await ask(keys.app, 'GET', `/syncs/${view.id}`, undefined, waiting)) as SyncView
      }
      return view
    }

    // By day all goes well.
    const formats = ['json', 'csv', 'parquet'] as const
    const states: string[] = []
    for (const body of [{ formats }, { credential: 'agency' }, { credential: 'person' }])
      states.push((await sync(body)).state)
    const its = await sync({ formats }, { ...own, 'idempotency-key': 'once' })
    t.same([...states, its.state], Array(4).fill('succeeded'))
    const refused = await sync({ credential: 'agency', actAs: ANN })
    t.match(refused, { state: 'failed', error: { code: 'GOOGLE_CREDENTIAL_INVALID' } })
    const request = { spreadsheet: BOOK, credential: 'agency' }
    const schedule = JSON.parse(await ask(keys.app, 'POST', '/schedules', { name: 'S', request, every: '1d' })) as {
      id: string
    }
    await ask(keys.app, 'POST', `/schedules/${schedule.id}/run`)

    // At night Google repeats what it was sent, and the secrets that the service has beside.
    const sent: readonly (readonly [object, object, readonly string[]])[] = [
      [{}, {}, [apiKey]],
      [{ credential: 'agency' }, {}, [serviceAccount.private_key ?? '']],
      [{ credential: 'person' }, {}, [secrets['a refresh token'] ?? '', person.client_secret]],
      [{}, own, [token]],
    ]
    for (const on of ['spreadsheets.get', 'values.batchGet'] as const) {
      for (const [request, headers, its] of sent) {
        const message = `Denied: ${[...its, keys.app, keys.admin, environment.TOKEN_KEY, webhookKey].join(' and ')}.`
        const body = JSON.stringify({ error: { code: 403, message, status: 'PERMISSION_DENIED' } })
        emulator.clearFaults()
        emulator.fail({ on: { kind: on, times: 'always' }, do: { status: 403, body } })
        t.match(await sync(request, headers), { state: 'failed', error: { detail: /Denied: \[redacted\]\s+and / } })
      }
    }
    emulator.clearFaults()

    // Requests that are broken, with every secret in every place.
    for (const secret of Object.values(secrets)) {
      const line = secret.split('\n')[1] ?? secret
      const place = encodeURIComponent(line)
      await ask(line, 'GET', '/syncs').catch(() => '')
      // The log names addresses, where a secret is known by its value alone, to the process that has it in its settings.
      const inPath = [keys.app, keys.admin, environment.TOKEN_KEY, webhookKey, apiKey].includes(secret) ? place : ''
      await ask(keys.app, 'GET', `/nowhere/${inPath}?key=${place}&access_token=${place}`)
      await ask(keys.app, 'GET', '/syncs', undefined, { [HEADER]: `${line} and more` })
      await ask(keys.app, 'GET', '/syncs', undefined, { [HEADER]: `${line}x` })
      for (const [path, type] of [
        ['/syncs', 'application/json'],
        ['/schedules', 'application/json'],
        ['/syncs', line],
      ] as const) {
        const headers = { authorization: `Bearer ${keys.app}`, 'content-type': type }
        const answer = await fetch(`${at}${path}`, { method: 'POST', headers, body: `{"spreadsheet": ${line}` }).catch(
          () => undefined,
        )
        answers.push((await answer?.text()) ?? '')
      }
      const socket = connect(Number(new URL(at).port), '127.0.0.1')
      socket.write(`GET /syncs HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${line.repeat(2000)}\r\n\r\n`)
      socket.on('error', () => {})
      answers.push(await text(socket).catch(() => ''))
    }
    t.ok(
      answers.some((said) => said.includes('HEADERS_TOO_LARGE')) &&
        answers.some((said) => said.includes('BODY_NOT_JSON')),
    )

    // Every GET address, for each who may ask.
    const { paths } = (await new ApiClient(at).json('/openapi.json')) as { paths: Record<string, object> }
    const file = its.tabs[0]?.files[0]?.name ?? ''
    for (const path of [...Object.keys(paths), '/', '/openapi.json', '/docs/json'].filter(
      (one) => 'get' in (paths[one] ?? { get: 0 }),
    )) {
      const real = path
        .replace('/schedules/{id}', `/schedules/${schedule.id}`)
        .replace('{id}', its.id)
        .replace('{name}', file)
        .replace('{spreadsheetId}', BOOK)
        .replace('{tab}', path.endsWith('changes') ? `People/changes?since=${its.id}&x=` : 'People')
      for (const [key, headers] of [
        [keys.app, own],
        [keys.app, {}],
        [keys.admin, {}],
        [keys.admin, own],
      ] as const) {
        await ask(key, 'GET', real, undefined, headers)
      }
    }
    for (const headers of [own, {}])
      await ask(keys.app, 'POST', `/spreadsheets/${BOOK}/query`, { sql: 'SELECT * FROM People' }, headers)
    t.ok(
      answers.some((said) => said.includes('sheetsync_')),
      'the metrics too',
    )
    await receiver.has(10)
    const before = await contentsOf(url)
    await delay(Number(environment.STATUS_TTL.slice(0, -1)) * 1000 + 2000)
    const after = await contentsOf(url)
    t.ok(after.includes(its.id), 'it is in the history')
    const log = services.map((service) => service.output()).join('\n')
    t.ok(/"level":[12]0,/.test(log), 'every line is logged')
    for (const secret of Object.values(secrets)) {
      const place = encodeURIComponent(secret.split('\n')[1] ?? secret)
      for (const method of ['GET', 'POST']) t.match(await ask(keys.app, method, `/nowhere/${place}`), 'ROUTE_NOT_FOUND')
    }
    for (const service of services) await service.end('SIGTERM')

    const places = new Map([
      ...(await filesUnder(directory)),
      ['answers', answers.join('\n')],
      ['log', log],
      ['storage', before],
      ['storage and history, a day later', after],
      ['webhooks', receiver.received.map((one) => JSON.stringify(one)).join('\n')],
    ])
    for (const [what, secret] of Object.entries(secrets)) {
      const forms = formsOf(secret)
      for (const [where, said] of places) {
        const found = forms.find((form) => said.includes(form))
        if (found !== undefined)
          t.fail(
            `${what} is in ${where}: ${said.slice(Math.max(0, said.indexOf(found) - 200), said.indexOf(found) + 80)}`,
          )
      }
    }
    // No `notMatch`: it makes a diff of these megabytes, found or not.
    for (const [where, said] of places) t.notOk(/v1\.[\w-]{8}\.[\w-]{20}/.test(said), `a sealed token in ${where}`)
  })
}
