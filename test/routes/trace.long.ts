import t from 'tap'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import {
  aDirectory,
  anEmulator,
  aServiceProcess,
  environmentFor,
  finished,
  pollUntil,
  ROOT,
} from '../support/service.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`

t.test('every line about a sync carries its id and its trace, after a restart too', { timeout: 60_000 }, async (t) => {
  const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks`, latency: { baseMs: 1000 } })
  const environment = { ...environmentFor(await aDirectory(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const first = await aServiceProcess(t, environment)
  const start = async (traceparent: string) => {
    const answer = await fetch(`${first.url}/syncs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent },
      body: JSON.stringify({ spreadsheet: SAMPLE_SPREADSHEET_ID, ifActive: 'start' }),
    })
    t.equal(answer.status, 202, traceparent)
    const { id } = (await answer.json()) as { id: string }
    return { id, requestId: answer.headers.get('x-request-id') }
  }
  const traced = await start(TRACEPARENT)
  const untraced = await start('00-not-a-trace')
  await pollUntil(first.url, traced.id, ({ state }) => state === 'running')
  await first.end('SIGTERM')
  emulator.setLatency({})
  const second = await aServiceProcess(t, environment)
  await pollUntil(second.url, traced.id, finished)
  await pollUntil(second.url, untraced.id, finished)
  await second.end('SIGTERM')

  const lines = [first, second].map((process) =>
    process
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { msg: string; syncId?: string; traceId?: string; requestId?: string }),
  )
  const about = (id: string) => lines.flat().filter(({ syncId }) => syncId === id)
  for (const line of about(traced.id)) t.equal(line.traceId, TRACE_ID, line.msg)
  for (const line of about(untraced.id)) t.equal(line.traceId, undefined, line.msg)
  // On a busy machine Google answers late, and that is told too.
  t.match(
    about(traced.id)
      .map(({ msg }) => msg)
      .filter((msg) => !msg.includes('hinder')),
    ['request answered', 'sync begun', 'sync interrupted', 'sync begun', 'sync succeeded'],
  )
  t.equal(about(traced.id).find(({ msg }) => msg === 'request answered')?.requestId, traced.requestId)
})
