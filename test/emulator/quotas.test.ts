import t from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import { tabFromRows } from '../../emulator/workbook.ts'
import { bearer, control, get, start } from './support.ts'

const workbooks = [{ id: 'book', title: 'Book', tabs: [tabFromRows(0, 'One', [['a']])] }]
const user = (emulator: Emulator, name: string, project: string) =>
  bearer(emulator.userToken({ email: `${name}@example.com`, project }).access_token)
const read = (emulator: Emulator, headers: Record<string, string>) => get(emulator, 'v4/spreadsheets/book', {}, headers)

/** The limit that a read is refused by, or `ok`. */
async function limit(emulator: Emulator, headers: Record<string, string>): Promise<string> {
  const { status, body } = await read(emulator, headers)
  if (status === 200) return 'ok'
  const { error } = body as { error: { details: { metadata: { quota_limit: string } }[] } }
  return error.details[0]?.metadata.quota_limit ?? 'none'
}

t.test('reads are counted by user and project, and by project, each refused in its own words', async (t) => {
  const emulator = await start(t, { workbooks, quota: { perUser: 2, perProject: 3 } })
  const [ann, bob] = [user(emulator, 'ann', 'one'), user(emulator, 'bob', 'one')]
  t.same([await limit(emulator, ann), await limit(emulator, ann)], ['ok', 'ok'])
  t.equal(await limit(emulator, ann), 'ReadRequestsPerMinutePerUser')
  t.equal(await limit(emulator, user(emulator, 'ann', 'one')), 'ReadRequestsPerMinutePerUser', 'by any token of hers')
  t.equal(await limit(emulator, bob), 'ok', 'what was refused is not counted on the project either')
  t.equal(await limit(emulator, bob), 'ReadRequestsPerMinutePerProject')
  t.equal(await limit(emulator, user(emulator, 'ann', 'two')), 'ok', 'another project')
  const { body } = await read(emulator, bob)
  t.match(body, {
    error: {
      code: 429,
      message:
        /^Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'sheets.googleapis.com' for consumer 'project_number:\d{12}'\.$/,
      status: 'RESOURCE_EXHAUSTED',
      details: [{ reason: 'RATE_LIMIT_EXCEEDED', metadata: { consumer: /^projects\/\d{12}$/ } }],
    },
  })
})

t.test('a token that has ended uses no quota', async (t) => {
  const emulator = await start(t, { workbooks, quota: { perUser: 1, perProject: 1 } })
  const { access_token } = emulator.userToken({ email: 'ann@example.com', expiresAfterCalls: 0 })
  t.equal((await read(emulator, bearer(access_token))).status, 401)
  t.equal((await read(emulator, user(emulator, 'ann', 'sheetsync-demo'))).status, 200)
})

t.test('quotas can be set from another process, which counts anew', async (t) => {
  const emulator = await start(t, { workbooks })
  const ann = user(emulator, 'ann', 'one')
  await control(emulator, 'quota', { perProject: 1 })
  t.same([await limit(emulator, ann), await limit(emulator, ann)], ['ok', 'ReadRequestsPerMinutePerProject'])
  await control(emulator, 'quota', { perUser: 60, perProject: 300 })
  t.equal(await limit(emulator, ann), 'ok')
  t.equal((await control(emulator, 'quota', { perUser: -1 })).status, 400)
})

t.test('a minute of one account says nothing of another’s', async (t) => {
  let now = 1_000_000
  const emulator = await start(t, { workbooks, quota: { perUser: 1 }, now: () => now })
  const [ann, bob] = [user(emulator, 'ann', 'one'), user(emulator, 'bob', 'one')]
  t.equal(await limit(emulator, ann), 'ok')
  now += 30_000
  t.equal(await limit(emulator, bob), 'ok')
  now += 30_000
  t.equal(await limit(emulator, ann), 'ok', 'her read has turned a minute old')
  t.equal(await limit(emulator, bob), 'ReadRequestsPerMinutePerUser', 'his has not')
})
