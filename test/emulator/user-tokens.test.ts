import { drive as driveClient } from 'googleapis/build/src/apis/drive/index.js'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { bearer, control, get, SCOPES, serviceAccount, start } from './support.ts'

const workbooks = [{ id: 'book', title: 'Book', tabs: [tabFromRows(0, 'One', [['a']])] }]
const LIBRARY = { 'user-agent': 'google-api-nodejs-client/10.0.0 (gzip)' }
const ann = { email: 'ann@example.com' }
const INVALID =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid ' +
  'authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.'
const INVALID_ENTRY = {
  message: 'Invalid Credentials',
  domain: 'global',
  reason: 'authError',
  location: 'Authorization',
  locationType: 'header',
}

t.test('a token ends after so many calls, in Google’s words', async (t) => {
  const emulator = await start(t, { workbooks })
  const { access_token, expires_in } = emulator.userToken({ ...ann, expiresAfterCalls: 2 })
  t.equal(expires_in, 3599)
  const headers = bearer(access_token)
  t.equal((await get(emulator, 'v4/spreadsheets/book', {}, headers)).status, 200)
  t.equal((await get(emulator, 'drive/v3/files/book', {}, headers)).status, 200)
  const sheets = await get(emulator, 'v4/spreadsheets/book/values:batchGet', { ranges: 'One' }, headers)
  t.equal(sheets.status, 401)
  t.equal(sheets.headers.get('www-authenticate'), 'Bearer realm="https://accounts.google.com/", error="invalid_token"')
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'ACCESS_TOKEN_EXPIRED',
      domain: 'googleapis.com',
      metadata: {
        service: 'sheets.googleapis.com',
        method: 'google.apps.sheets.v4.SpreadsheetsService.BatchGetValues',
      },
    },
  ]
  t.strictSame(sheets.body, { error: { code: 401, message: INVALID, status: 'UNAUTHENTICATED', details } })
  const library = await get(emulator, 'v4/spreadsheets/book', {}, { ...headers, ...LIBRARY })
  t.match(library.body, { error: { errors: [INVALID_ENTRY] } })
  t.strictSame((await get(emulator, 'drive/v3/files/book', {}, headers)).body, {
    error: { code: 401, message: INVALID, errors: [INVALID_ENTRY], status: 'UNAUTHENTICATED' },
  })
  t.match(emulator.calls.at(-1), { account: 'ann@example.com', status: 401 }, 'it still tells whose it was')
})

t.test('a token ends when its time is over, and when it is ended', async (t) => {
  let now = 0
  const emulator = await start(t, { workbooks, now: () => now })
  const status = async (token: string) => (await get(emulator, 'v4/spreadsheets/book', {}, bearer(token))).status
  const { body } = await control(emulator, 'user-token', { ...ann, lifetimeSeconds: 60 })
  const short = body as { access_token: string; expires_in: number }
  t.equal(short.expires_in, 60)
  t.equal(await status(short.access_token), 200)
  now += 60_000
  t.equal(await status(short.access_token), 401)
  const { access_token } = emulator.userToken(ann)
  t.equal(await status(access_token), 200)
  t.equal((await control(emulator, 'expire-token', { access_token })).status, 200)
  t.equal(await status(access_token), 401)
  t.equal((await control(emulator, 'expire-token', { access_token: 'stranger' })).status, 400)
})

t.test('a token of a service account can be ended too, and the next one is good', async (t) => {
  const emulator = await start(t, { workbooks })
  const signIn = () => serviceAccount(emulator.serviceAccountKey())
  const read = (auth: ReturnType<typeof signIn>) =>
    driveClient({ version: 'v3', auth, rootUrl: emulator.rootUrl }).files.get({ fileId: 'book' })
  const auth = signIn()
  await read(auth)
  emulator.expireToken(auth.credentials.access_token ?? '')
  await t.rejects(read(auth), { message: INVALID }, 'though no token is required')
  t.equal((await read(signIn())).status, 200)
})

t.test('a token opens the APIs of its scopes alone', async (t) => {
  const emulator = await start(t, { workbooks })
  const seen = async (...scopes: string[]) => {
    const headers = bearer(emulator.userToken({ ...ann, scopes }).access_token)
    return [
      (await get(emulator, 'v4/spreadsheets/book', {}, headers)).status,
      (await get(emulator, 'drive/v3/files/book', {}, headers)).status,
      (await get(emulator, 'drive/v3/about', { fields: 'user' }, headers)).status,
    ]
  }
  const [sheets = '', metadata = ''] = SCOPES
  t.same(await seen(sheets), [200, 403, 403])
  t.same(await seen(metadata), [403, 200, 200])
  t.same(await seen(sheets, metadata), [200, 200, 200])
  t.same(await seen('https://www.googleapis.com/auth/drive.readonly'), [200, 200, 200])
  t.same(await seen('openid'), [403, 403, 403])
  const { access_token } = emulator.userToken({ ...ann, scopes: [sheets] })
  const drive = await get(emulator, 'drive/v3/files/book', {}, bearer(access_token))
  t.strictSame(drive.body, {
    error: {
      code: 403,
      message: 'Request had insufficient authentication scopes.',
      errors: [{ message: 'Insufficient Permission', domain: 'global', reason: 'insufficientPermissions' }],
      status: 'PERMISSION_DENIED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
          domain: 'googleapis.com',
          metadata: { service: 'drive.googleapis.com', method: 'google.apps.drive.v3.DriveFiles.Get' },
        },
      ],
    },
  })
})

t.test('Drive tells who a token is for, by an id that stays', async (t) => {
  const emulator = await start(t, { workbooks })
  const about = async (email: string) => {
    const headers = bearer(emulator.userToken({ email }).access_token)
    return (await get(emulator, 'drive/v3/about', { fields: 'user(permissionId,emailAddress)' }, headers)).body
  }
  const first = await about('ann@example.com')
  t.match(first, { user: { permissionId: /^\d{20}$/, emailAddress: 'ann@example.com' } })
  t.strictSame(await about('Ann@Example.com'), first)
  t.strictSame(Object.keys((first as { user: object }).user), ['permissionId', 'emailAddress'])
  const other = await start(t)
  const elsewhere = bearer(other.userToken(ann).access_token)
  t.match((await get(other, 'drive/v3/about', { fields: '*' }, elsewhere)).body, {
    kind: 'drive#about',
    user: { kind: 'drive#user', me: true, ...(first as { user: object }).user },
  })
  t.notMatch(await about('bob@example.com'), first)
})

t.test('Drive says who calls only where fields are named, and a token tells', async (t) => {
  const emulator = await start(t)
  const headers = bearer(emulator.userToken(ann).access_token)
  const bare = await get(emulator, 'drive/v3/about', {}, headers)
  t.equal(bare.status, 400)
  t.strictSame(bare.body, {
    error: {
      code: 400,
      message: "The 'fields' parameter is required for this method.",
      errors: [
        {
          message: "The 'fields' parameter is required for this method.",
          domain: 'global',
          reason: 'required',
          location: 'fields',
          locationType: 'parameter',
        },
      ],
    },
  })
  t.equal((await get(emulator, 'drive/v3/about', { fields: 'nope' }, headers)).status, 400)
  t.match(await get(emulator, 'drive/v3/about', { fields: 'user' }), {
    status: 401,
    body: { error: { errors: [{ message: 'Login Required.' }], details: [{ reason: 'CREDENTIALS_MISSING' }] } },
  })
  t.match(await get(emulator, 'drive/v3/about', { fields: 'user', key: 'any' }), {
    status: 401,
    body: { error: { message: /^API keys are not supported/ } },
  })
  t.equal((await get(emulator, 'drive/v3/about', { fields: 'user' }, bearer('stranger'))).status, 401)
  t.equal(emulator.count('about.get'), 5)
})
