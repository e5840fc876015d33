import { readdir } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import type { z } from 'zod'
import { problem } from '../../src/model/problem.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { anEmulator, aService } from '../support/service.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly problem: z.output<typeof problem>
}

/** Sends a path just as it stands: fetch would mend it first. */
async function send(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ hostname, port, method, path, headers }, resolve).on('error', reject).end(body)
  })
  const content = await text(response)
  // Each error is a problem+json of the documented shape, so every test here checks it.
  return { status: response.statusCode ?? 0, headers: response.headers, problem: problem.parse(JSON.parse(content)) }
}

const json = { 'content-type': 'application/json' }

t.test('bad input', async (t) => {
  const emulator = await anEmulator(t)
  const { url, directory } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const post = (body: unknown, headers: Record<string, string> = json) =>
    send(
      url,
      'POST',
      '/syncs',
      headers,
      typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    )

  const unharmed = async (t: Test) => {
    const names = await readdir(`${directory}/sync-status`)
    t.same(
      names.filter((name) => name.endsWith('.json')),
      [],
      'no sync was made',
    )
    const elsewhere = (await readdir(dirname(directory))).filter((name) => /passwd|evil/.test(name))
    t.same(elsewhere, [], 'nothing was written elsewhere')
    t.equal((await fetch(`${url}/livez`)).status, 200, 'the server goes on')
  }

  t.test('an id that is no sync id is refused by name and never leaves the directory', async (t) => {
    const ids = [
      '..%2f..%2fetc%2fpasswd',
      '%2e%2e%2fevil',
      'sync-%00',
      'sync-0198c5b4',
      `${newSyncId()}%00`,
      `${newSyncId()}.json`,
      newSyncId().toUpperCase(),
      'x'.repeat(10_000),
    ]
    for (const id of ids) {
      for (const [method, suffix] of [
        ['GET', ''],
        ['DELETE', ''],
        ['POST', '/cancel'],
        ['POST', '/retry'],
        ['GET', '/files'],
        ['GET', '/files/a.json'],
      ] as const) {
        const { status, headers, problem } = await send(url, method, `/syncs/${id}${suffix}`)
        t.match(
          { status, problem },
          { status: 400, problem: { code: 'VALIDATION_FAILED', errors: [{ field: 'id', message: /sync id/ }] } },
          `${method} ${id.slice(0, 40)}${suffix}`,
        )
        t.match(headers['content-type'], 'application/problem+json')
      }
    }
    for (const path of ['/syncs/../../etc/passwd', '/syncs/..', '/../syncs'])
      t.match((await send(url, 'GET', path)).status, /^4\d\d$/, path)
    t.match(await send(url, 'GET', '/syncs/%zz'), { status: 400, problem: { code: 'VALIDATION_FAILED' } })
    await unharmed(t)
  })

  t.test('a file name from outside never becomes a path', async (t) => {
    for (const name of ['..%2fmanifest.json', '%2e%2e', 'a%00.json', 'x'.repeat(5000)]) {
      const { status } = await send(url, 'GET', `/syncs/${newSyncId()}/files/${name}`)
      t.ok(status === 400 || status === 404, `${name.slice(0, 30)}: ${status}`)
    }
    await unharmed(t)
  })

  t.test('a spreadsheet id or tab from outside never becomes a path', async (t) => {
    for (const path of [
      '/spreadsheets/..%2f..%2fetc',
      '/spreadsheets/%2e%2e',
      `/spreadsheets/${'x'.repeat(129)}`,
      '/spreadsheets/a%00b/tabs/x',
    ]) {
      t.match(
        await send(url, 'GET', path),
        { status: 400, problem: { errors: [{ field: 'spreadsheetId' }] } },
        path.slice(0, 40),
      )
    }
    t.match(await send(url, 'GET', '/spreadsheets/abc/tabs/..%2f..%2fetc'), {
      status: 404,
      problem: { code: 'SNAPSHOT_NOT_FOUND' },
    })
    await unharmed(t)
  })

  t.test('a body is answered with every field at fault', async (t) => {
    const { status, problem } = await post({
      spreadsheet: 'https://example.com/x',
      tabs: ['', -1, true],
      formats: ['xml'],
      headerRow: 1.5,
      csv: { injection: 'maybe', speed: 1 },
      labels: { 'bad name!': 'x' },
      colour: 'red',
    })
    t.equal(status, 400)
    const fields = problem.errors?.map(({ field }) => field).sort()
    t.same(fields, [
      'colour',
      'csv.injection',
      'csv.speed',
      'formats[0]',
      'headerRow',
      'labels.bad name!',
      'spreadsheet',
      'tabs[0]',
      'tabs[1]',
      'tabs[2]',
    ])
    for (const error of problem.errors ?? []) t.match(error.message, /./)
    t.match(problem.errors?.find(({ field }) => field === 'formats[0]')?.message, /json, ndjson, csv or parquet/)
    t.match(problem.errors?.find(({ field }) => field === 'spreadsheet')?.hint, /docs\.google\.com/)
    t.match(problem.errors?.find(({ field }) => field === 'colour')?.hint, /docs/)
    await unharmed(t)
  })

  t.test('a body that lacks the spreadsheet, or names tabs and ranges, is refused by field', async (t) => {
    t.match(await post({}), { status: 400, problem: { errors: [{ field: 'spreadsheet', message: 'is missing' }] } })
    t.match(await post({ spreadsheet: 'abc', tabs: ['a'], ranges: ['b'] }), {
      status: 400,
      problem: { errors: [{ field: 'ranges', hint: String }] },
    })
    t.match(await post({ spreadsheet: 'abc', formats: ['json', 'json'] }), {
      status: 400,
      problem: { errors: [{ field: 'formats' }] },
    })
    t.match(await post({ spreadsheet: 'abc', tabs: [] }), { status: 400, problem: { errors: [{ field: 'tabs' }] } })
    await unharmed(t)
  })

  t.test('the detail names the first faults in plain words, each field once', async (t) => {
    const spreadsheet = 'abc'
    const details: readonly (readonly [body: object, detail: string])[] = [
      [{ formats: ['xml'] }, 'spreadsheet is missing; formats[0] must be json, ndjson, csv or parquet.'],
      [{ spreadsheet: '' }, 'spreadsheet must not be empty.'],
      [{ spreadsheet, formats: 'json' }, 'formats must be an array.'],
      [{ spreadsheet, formats: ['csv', 'json', 'ndjson', 'csv'] }, 'formats names a format twice.'],
      [{ spreadsheet, headerRow: 1.5, labels: [] }, 'headerRow must be a whole number; labels must be an object.'],
      [{ spreadsheet, headerRow: 1e9 }, 'headerRow is higher than any row number.'],
      [
        { spreadsheet, tabs: [1.5, null, -1, '', {}] },
        'tabs[0] must be a whole number; tabs[1] must be a title (text) or a gid (a number); tabs[2] must be a gid, 0 or more; and 2 more.',
      ],
      [
        { spreadsheet, csv: { bom: 'yes', speed: 1 } },
        'csv.bom must be true or false; csv.speed is not a known field.',
      ],
      [{ spreadsheetId: 'abc' }, 'spreadsheet is missing; spreadsheetId is not a known field (spreadsheet is).'],
      [[], 'body must be an object.'],
    ]
    for (const [body, detail] of details) {
      const { problem } = await post(body)
      t.equal(problem.detail, detail)
      const fields = problem.errors?.map(({ field }) => field) ?? []
      t.equal(new Set(fields).size, fields.length, 'no field twice')
    }
    t.match(await post({ spreadsheet, csv: { speed: 1 } }), { problem: { hint: /injection, bom/ } })
    t.match(await send(url, 'GET', '/syncs?state=queued&state=running&limit=3'), {
      problem: { detail: 'state is given more than once; limit is not a known field.' },
    })
    t.match(await send(url, 'GET', '/syncs/%zz'), { problem: { detail: 'path holds a broken percent-encoding.' } })
    await unharmed(t)
  })

  t.test('no fault is told in the words of the library that found it', async (t) => {
    const wrong = [
      '',
      'x'.repeat(3000),
      -1,
      1.5,
      1e12,
      true,
      null,
      [],
      {},
      [null],
      ['x'.repeat(3000)],
      { a: 'x'.repeat(3000) },
    ]
    const fields =
      'spreadsheet tabs ranges formats headerRow values dates csv ifUnchanged ifActive labels webhook'.split(' ')
    for (const value of [...wrong, Array.from({ length: 2001 }, () => '')]) {
      for (const field of fields) {
        const { problem } = await post({ spreadsheet: 'abc', colour: 'red', [field]: value })
        for (const { message } of problem.errors ?? [])
          t.notMatch(message, /too (big|small)|invalid|expected|undefined/i)
      }
    }
  })

  t.test('a body that is not a JSON object is refused', async (t) => {
    t.match(await post(''), { status: 400, problem: { errors: [{ field: 'body', hint: String }] } })
    t.match(await post('{"spreadsheet":'), { status: 400, problem: { code: 'BODY_NOT_JSON', hint: String } })
    t.match(await post('{"spreadsheet":"a","__proto__":{"x":1}}'), { status: 400 })
    t.match(await post('[]'), { status: 400, problem: { errors: [{ field: 'body', message: 'must be an object' }] } })
    t.match(await post('null'), { status: 400 })
    t.match(await post(Buffer.from([0xff, 0xfe, 0x00])), { status: 400 })
    t.match(await post(JSON.stringify({ spreadsheet: 'x'.repeat(65_536) })), {
      status: 413,
      problem: { code: 'BODY_TOO_LARGE', hint: String },
    })
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      t.match(
        await post('spreadsheet=abc', { 'content-type': type }),
        { status: 415, problem: { code: 'MEDIA_TYPE_UNSUPPORTED', hint: String } },
        type,
      )
    }
    await unharmed(t)
  })

  t.test('a query is checked field by field', async (t) => {
    const bad = [
      ['state=done', 'state'],
      ['pageSize=0', 'pageSize'],
      ['pageSize=1001', 'pageSize'],
      ['pageSize=x', 'pageSize'],
      ['spreadsheet=https://example.com', 'spreadsheet'],
      ['colour=red', 'colour'],
    ] as const
    for (const [query, field] of bad)
      t.match(await send(url, 'GET', `/syncs?${query}`), { status: 400, problem: { errors: [{ field }] } }, query)
    t.match(await send(url, 'GET', '/syncs?pageToken=nonsense'), {
      status: 400,
      problem: { code: 'PAGE_TOKEN_INVALID' },
    })
    t.match(await send(url, 'GET', '/spreadsheets/abc/tabs/x?format=xml'), {
      status: 400,
      problem: { errors: [{ field: 'format' }] },
    })
    await unharmed(t)
  })

  t.test('an address or a method that is not there is said so', async (t) => {
    t.match(await send(url, 'GET', '/nope'), { status: 404, problem: { code: 'ROUTE_NOT_FOUND', requestId: /^req-/ } })
    t.notMatch(JSON.stringify(await send(url, 'GET', '/a-secret')), 'a-secret', 'it may be a secret by mistake')
    const put = await send(url, 'PUT', `/syncs/${newSyncId()}`, json, '{}')
    t.match(put, { status: 405, problem: { code: 'METHOD_NOT_ALLOWED' } })
    t.match(put.headers.allow, /GET.*DELETE|DELETE.*GET/)
    t.match(await send(url, 'GET', `/syncs/${newSyncId()}`), {
      status: 404,
      problem: { code: 'SYNC_NOT_FOUND', hint: String },
    })
    await unharmed(t)
  })
})
