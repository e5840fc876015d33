import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { get, start, values } from './support.ts'

const workbook = { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'One', [['a']])] }
const LIBRARY = { 'user-agent': 'google-api-nodejs-client/10.0.0 (gzip)' }

t.test('an unknown spreadsheet is 404 at Sheets and at Drive, each in its own format', async (t) => {
  const emulator = await start(t)
  const sheets = await get(emulator, 'v4/spreadsheets/nope')
  t.equal(sheets.status, 404)
  t.strictSame(sheets.body, { error: { code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND' } })
  const drive = await get(emulator, 'drive/v3/files/nope')
  t.equal(drive.status, 404)
  t.strictSame(drive.body, {
    error: {
      code: 404,
      message: 'File not found: nope.',
      errors: [
        {
          message: 'File not found: nope.',
          domain: 'global',
          reason: 'notFound',
          locationType: 'parameter',
          location: 'fileId',
        },
      ],
    },
  })
})

t.test('Google’s client libraries are told errors[] too, plain callers are not', async (t) => {
  const emulator = await start(t)
  const { body } = await get(emulator, 'v4/spreadsheets/nope', {}, LIBRARY)
  t.match(body, { error: { errors: [{ domain: 'global', reason: 'notFound' }], status: 'NOT_FOUND' } })
  t.notMatch((await get(emulator, 'v4/spreadsheets/nope')).body, { error: { errors: Array } })
})

t.test('access decides what each API answers', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const seen = async () => [
    await get(emulator, 'v4/spreadsheets/book'),
    await values(emulator, 'book', 'One'),
    await get(emulator, 'drive/v3/files/book', { fields: 'mimeType,version' }),
  ]
  const cases = {
    ok: [200, 200, 200],
    forbidden: [403, 403, 404],
    missing: [404, 404, 404],
    xlsx: [400, 400, 200],
    'drive-forbidden': [200, 200, 403],
  } as const
  for (const [access, expected] of Object.entries(cases)) {
    emulator.setAccess('book', access as keyof typeof cases)
    t.same(
      (await seen()).map(({ status }) => status),
      expected,
      access,
    )
  }
  emulator.setAccess('book', 'xlsx')
  const [sheets, , drive] = await seen()
  t.strictSame(sheets?.body, {
    error: { code: 400, message: 'This operation is not supported for this document', status: 'FAILED_PRECONDITION' },
  })
  t.match(drive?.body, { mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' })
  emulator.setAccess('book', 'forbidden')
  t.strictSame((await seen())[0]?.body, {
    error: { code: 403, message: 'The caller does not have permission', status: 'PERMISSION_DENIED' },
  })
})

t.test('a range that cannot be read is 400 INVALID_ARGUMENT with Google’s words', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  t.strictSame((await values(emulator, 'book', 'Nope!A1')).body, {
    error: { code: 400, message: 'Unable to parse range: Nope!A1', status: 'INVALID_ARGUMENT' },
  })
  t.match((await values(emulator, 'book', 'One!Z1')).body, {
    error: { message: 'Range (One!Z1) exceeds grid limits. Max rows: 1, max columns: 1' },
  })
  const bad = await values(emulator, 'book', 'One', { valueRenderOption: 'PRETTY' })
  t.equal(bad.status, 400)
  t.equal((await get(emulator, 'v4/spreadsheets/book/values:batchGet')).status, 400, 'a batch of nothing')
})

t.test('what is no read is refused and changes nothing', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const response = await fetch(new URL('v4/spreadsheets/book:batchUpdate', emulator.rootUrl), { method: 'POST' })
  t.equal(response.status, 501)
  t.equal((await get(emulator, 'elsewhere')).status, 501)
  t.equal((await get(emulator, 'v4/spreadsheets/%zz')).status, 404, 'broken encoding names no spreadsheet')
  t.equal(emulator.count('other'), 2)
})

t.test('a named reason makes the body Google has for it', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const failing = async (status: number, reason?: string, path = 'v4/spreadsheets/book') => {
    emulator.fail({ do: { status, ...(reason !== undefined && { reason }) } })
    return (await get(emulator, path, {}, LIBRARY)).body
  }
  t.match(await failing(403, 'SERVICE_DISABLED'), {
    error: {
      code: 403,
      status: 'PERMISSION_DENIED',
      message: /^Google Sheets API has not been used in project \d+ before or it is disabled/,
      errors: [{ domain: 'usageLimits', reason: 'accessNotConfigured' }],
      details: [{}, { reason: 'SERVICE_DISABLED', metadata: { service: 'sheets.googleapis.com' } }],
    },
  })
  t.match(await failing(403, 'CREDENTIALS_MISSING'), { error: { message: /unregistered callers/ } })
  t.match(await failing(400, 'API_KEY_INVALID'), { error: { code: 400, details: [{ reason: 'API_KEY_INVALID' }] } })
  t.match(await failing(401), { error: { code: 401, status: 'UNAUTHENTICATED' } })
  t.match(await failing(500), { error: { code: 500, status: 'INTERNAL', message: 'Internal error encountered.' } })
  t.match(await failing(503), {
    error: { code: 503, status: 'UNAVAILABLE', message: 'The service is currently unavailable.' },
  })
  t.match(await failing(429), {
    error: { status: 'RESOURCE_EXHAUSTED', details: [{ reason: 'RATE_LIMIT_EXCEEDED' }] },
  })
  t.strictSame(await failing(403, 'userRateLimitExceeded', 'drive/v3/files/book'), {
    error: {
      code: 403,
      message: 'User Rate Limit Exceeded',
      errors: [{ message: 'User Rate Limit Exceeded', domain: 'usageLimits', reason: 'userRateLimitExceeded' }],
    },
  })
})
