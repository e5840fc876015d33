import t from 'tap'
import { ConfigError, readConfig } from '../src/config.ts'

t.test('an empty environment gives every default', async (t) => {
  t.match(readConfig({}), {
    host: '127.0.0.1',
    port: 3000,
    storage: { kind: 'file', directory: 'data/sync-status' },
    role: 'all',
    historyTtlMs: 30 * 86_400_000,
    snapshotDirectory: 'data/snapshots',
    statusTtlMs: 300_000,
    sweepIntervalMs: 300_000,
    syncDeadlineMs: 7_200_000,
    google: { readsPerMinute: 60 },
    corsOrigins: [],
  })
})

t.test('an empty value counts as unset', async (t) => {
  t.match(readConfig({ PORT: '', GOOGLE_API_KEY: '' }), { port: 3000, google: { apiKey: undefined } })
})

t.test('durations, folders and origins are read', async (t) => {
  const config = readConfig({
    STATUS_TTL: '500ms',
    SWEEP_INTERVAL: '30s',
    SYNC_DEADLINE: '1d',
    STORAGE_URL: 'file:///var/lib/sheetsync',
    CORS_ORIGINS: 'https://a.example, http://localhost:5173',
  })
  t.match(config, {
    statusTtlMs: 500,
    sweepIntervalMs: 30_000,
    syncDeadlineMs: 86_400_000,
    storage: { kind: 'file', directory: '/var/lib/sheetsync' },
  })
  t.same(config.corsOrigins, ['https://a.example', 'http://localhost:5173'])
})

t.test('every wrong value is named in a line of its own, and no value is repeated', async (t) => {
  const wrong = {
    PORT: '70000',
    STATUS_TTL: '5 minutes',
    LOG_LEVEL: 'loud',
    STORAGE_URL: 'mysql://:hunter2@localhost',
    GOOGLE_API_ROOT_URL: 'nowhere',
    CORS_ORIGINS: 'example.com',
    API_KEYS: 'hunter2',
  }
  try {
    readConfig(wrong)
    t.fail('a wrong environment was accepted')
  } catch (error) {
    t.type(error, ConfigError)
    const { lines } = error as ConfigError
    for (const name of Object.keys(wrong))
      t.ok(
        lines.some((line) => line.startsWith(`${name} `)),
        `${name} is named`,
      )
    t.notMatch(lines.join('\n'), /hunter2/)
  }
})

t.test('one machine is outgrown by naming a server, and only then by roles and history', async (t) => {
  t.match(readConfig({ STORAGE_URL: 'redis://:hunter2@localhost:6380/2', ROLE: 'worker' }), {
    storage: { kind: 'redis', url: 'redis://:hunter2@localhost:6380/2' },
    role: 'worker',
  })
  t.match(readConfig({ STORAGE_URL: 'postgresql://localhost/app', ROLE: 'api', HISTORY_TTL: '1d' }), {
    storage: { kind: 'postgres', url: 'postgresql://localhost/app' },
    historyTtlMs: 86_400_000,
  })
  const refused = (environment: Record<string, string>, line: RegExp) =>
    t.throws(() => readConfig(environment), { name: 'ConfigError', lines: [line] })
  refused({ ROLE: 'worker' }, /^ROLE can only be all while STORAGE_URL begins with file:/)
  refused({ STORAGE_URL: 'redis://localhost', HISTORY_TTL: '1d' }, /^HISTORY_TTL is kept by postgres:\/\/ only/)
  refused({ STORAGE_URL: 'redis://' }, /^STORAGE_URL must begin with/)
})
