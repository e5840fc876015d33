import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { aDirectory } from '../../support/service.ts'
import { ASKING, anEngine } from './an-engine.ts'

const OTHERS = 'SELECT 1 AS n'

t.test('what does not stop when it is interrupted is killed, and the next question is answered', async (t) => {
  const { ask } = await anEngine(t, { timeLimitMs: 1000 })
  const runaways = [
    'SELECT len(range(2000000000))',
    "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))",
    'SELECT count(*) FROM range(1000000) a, range(1000000) b',
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
    'SELECT range(20000000)',
  ]
  for (const sql of runaways) {
    const began = performance.now()
    await t.rejects(ask(sql), { code: 'QUERY_LIMIT_EXCEEDED', status: 422 }, sql)
    t.comment(`${sql}: ${Math.round(performance.now() - began)} ms`)
    t.equal((await ask(OTHERS)).text, '[{"n":1}\n]\n')
  }
})

t.test('what needs too much memory ends with its limit', async (t) => {
  const { ask } = await anEngine(t, { memoryBytes: 128 * 1024 * 1024 })
  await t.rejects(ask("SELECT string_agg(repeat('x', 10000), '') FROM range(100000)"), { code: 'QUERY_LIMIT_EXCEEDED' })
  await t.rejects(ask("SELECT repeat('x', 20000) FROM range(1000)", { limit: 1000 }), {
    code: 'QUERY_LIMIT_EXCEEDED',
    message: /10000000 bytes/,
  })
  t.equal((await ask(OTHERS)).text, '[{"n":1}\n]\n')
})

t.test('answers of 20 MB are given one after the other, whatever memory each one leaves behind', async (t) => {
  const { ask } = await anEngine(t, { timeLimitMs: 30_000 })
  for (let n = 0; n < 10; n += 1) {
    const { bytes } = await ask("SELECT repeat('x', 10000) AS text, range FROM range(2000)", {
      ...{ limit: 2000, maxBytes: 100_000_000 },
    })
    t.ok(bytes > 20_000_000)
  }
})

t.test('a process that is killed in mid-question costs that question, and the next one is answered', async (t) => {
  const { ask, engine } = await anEngine(t)
  await ask(OTHERS)
  const [pid] = engine.pids
  const asked = ask('SELECT count(*) FROM range(1000000) a, range(1000000) b')
  setImmediate(() => process.kill(pid ?? 0, 'SIGKILL'))
  await t.rejects(asked, { code: 'QUERY_ENGINE_FAILED', status: 503 })
  t.equal((await ask(OTHERS)).text, '[{"n":1}\n]\n')
})

t.test('a question whose asker went away is interrupted', async (t) => {
  const { ask } = await anEngine(t, { timeLimitMs: 60_000 })
  await ask(OTHERS)
  const gone = new AbortController()
  const asked = ask('SELECT count(*) FROM range(1000000) a, range(1000000) b', {
    asking: { ...ASKING, signal: gone.signal },
  })
  setImmediate(() => gone.abort(new Error('gone')))
  await t.rejects(asked, { message: 'gone' })
  t.equal((await ask(OTHERS)).text, '[{"n":1}\n]\n')
})

t.test(
  'the process has nothing of the environment, gives way to others, and dies first',
  { skip: process.platform !== 'linux' && 'needs /proc' },
  async (t) => {
    // In a process that tap does not load itself into, as it then adds to what each child is given.
    const script = fileURLToPath(new URL('engine-environment.ts', import.meta.url))
    const directory = await aDirectory(t)
    const settings = [
      'API_KEYS=secret',
      'PATH=/bin',
      'HOME=/root',
      `NODE_V8_COVERAGE=${directory}`,
      'NODE_NO_WARNINGS=1',
    ]
    const { stdout } = await promisify(execFile)('/usr/bin/env', ['-i', ...settings, process.execPath, script])
    const { names, score } = JSON.parse(stdout) as { names: string[]; score: number }
    t.same(
      names.filter((name) => !name.startsWith('NODE_CHANNEL_')),
      [],
    )
    t.equal(score, 1000)
  },
)
