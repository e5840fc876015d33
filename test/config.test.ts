import t from 'tap'
import { ConfigError, readConfig } from '../src/config.ts'

t.test('an empty environment gives every default', async (t) => {
  t.match(readConfig({}), {
    host: '127.0.0.1',
    port: 3000,
    statusDirectory: 'data/sync-status',
    snapshots: { kind: 'file', directory: 'data/snapshots' },
    s3: { endpoint: undefined, region: undefined },
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
    statusDirectory: '/var/lib/sheetsync',
  })
  t.same(config.corsOrigins, ['https://a.example', 'http://localhost:5173'])
})

t.test('snapshots may land in a bucket, of Amazon or of any store at an endpoint', (t) => {
  t.match(readConfig({ SNAPSHOT_URL: 's3://my-bucket/team/sheets/' }), {
    snapshots: { kind: 's3', bucket: 'my-bucket', prefix: 'team/sheets' },
    s3: { endpoint: undefined, region: undefined },
  })
  const AWS_ENDPOINT_URL = 'https://all.example'
  const AWS_ENDPOINT_URL_S3 = 'https://s3.example'
  t.match(readConfig({ SNAPSHOT_URL: 's3://my-bucket', AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 }), {
    snapshots: { kind: 's3', bucket: 'my-bucket', prefix: '' },
    s3: { endpoint: AWS_ENDPOINT_URL_S3, region: 'us-east-1' },
  })
  t.match(readConfig({ AWS_ENDPOINT_URL, AWS_REGION: 'eu-central-1' }), {
    s3: { endpoint: AWS_ENDPOINT_URL, region: 'eu-central-1' },
  })
  for (const SNAPSHOT_URL of ['s3://', 's3://key:hunter2@bucket/x', 's3://bucket?x=1', 'http://bucket/x', 'file:']) {
    t.throws(() => readConfig({ SNAPSHOT_URL }), { message: /^SNAPSHOT_URL (?!.*hunter2)/ })
  }
  t.end()
})

t.test('every wrong value is named in a line of its own, and no value is repeated', async (t) => {
  const wrong = {
    PORT: '70000',
    STATUS_TTL: '5 minutes',
    LOG_LEVEL: 'loud',
    STORAGE_URL: 'redis://:hunter2@localhost',
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
