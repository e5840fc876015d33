import t from 'tap'
import { ConfigError, readConfig } from '../src/config.ts'

t.test('an empty environment gives every default', async (t) => {
  t.match(readConfig({}), {
    host: '127.0.0.1',
    port: 3000,
    snapshots: { kind: 'file', directory: 'data/snapshots' },
    s3: { endpoint: undefined, region: undefined },
    storage: { kind: 'file', directory: 'data/sync-status' },
    role: 'all',
    history: { ttlMs: 0, maxBytes: 1e9, directory: 'data/sync-history' },
    statusTtlMs: 300_000,
    sweepIntervalMs: 300_000,
    syncDeadlineMs: 7_200_000,
    syncBytesMax: 10e9,
    diskFreeMin: 200e6,
    google: { readsPerMinute: 60, projectReadsPerMinute: 300 },
    corsOrigins: [],
    apiKeys: [],
    allowedHosts: ['127.0.0.1'],
    publicOrigin: undefined,
    umask: 0o077,
    openMetrics: false,
    retention: { kept: 3 },
    snapshotLimits: { maxBytes: 100e9, maxBytesPerKey: 50e9, maxSnapshotsPerKey: 100_000 },
    limits: {
      maxQueued: 1000,
      maxActivePerKey: 100,
      maxRecordsPerKey: 10_000,
      maxRecordBytesPerKey: 256_000_000,
      maxIdempotencyKeysPerKey: 100_000,
      maxStreamsPerKey: 100,
      maxConnections: undefined,
      requestTimeoutMs: 30_000,
    },
  })
})

t.test('API keys are read by name, scopes and SHA-256', async (t) => {
  const [one, two] = ['1', '2'].map((digit) => digit.repeat(64))
  const { apiKeys } = readConfig({ API_KEYS: `web-1:read+write:${one}, ops:admin:${two}` })
  t.match(apiKeys, [
    { name: 'web-1', scopes: ['read', 'write'], seesAll: false },
    { name: 'ops', scopes: ['admin'], seesAll: true },
  ])
  t.same(
    apiKeys[1]?.digests.map((digest) => digest.toString('hex')),
    [two],
  )
})

t.test('an API key may be for some spreadsheets only', async (t) => {
  const hash = '1'.repeat(64)
  const [some, all] = readConfig({
    API_KEYS: `a:read:${hash}:1Bxi_-0+${'x'.repeat(128)},b:read:${'2'.repeat(64)}`,
  }).apiKeys
  t.same([...(some?.spreadsheets ?? [])], ['1Bxi_-0', 'x'.repeat(128)])
  t.equal(all?.spreadsheets, undefined)
  const many = (count: number) => Array.from({ length: count }, (_, index) => `sheet-${index}`).join('+')
  t.equal(readConfig({ API_KEYS: `a:read:${hash}:${many(100)}` }).apiKeys[0]?.spreadsheets?.size, 100)
  for (const list of ['', '+', 'one+', 'x'.repeat(129), many(101)]) {
    const says = /^API_KEYS key 1 must end with 1 to 100 ids of spreadsheets/
    t.throws(() => readConfig({ API_KEYS: `a:read:${hash}:${list}` }), says, 'an empty list is never all of them')
  }
  for (const list of ['a b', 'a:b', 'https://docs.google.com/spreadsheets/d/1Bxi']) {
    t.throws(() => readConfig({ API_KEYS: `a:read:${hash}:${list}` }), /^API_KEYS key 1 must be name:scope/)
  }
})

t.test('a wrong API key is told by its place, one line each, and nothing of it is repeated', async (t) => {
  const hash = 'c0ffee'.repeat(11).slice(0, 64)
  const wrong: [string, RegExp][] = [
    ['hunter2', /key 1 must be name:scope/],
    [`a:read:${hash},`, /key 2 must be/],
    [`A:read:${hash}`, /key 1 must be/],
    [`${'a'.repeat(33)}:read:${hash}`, /key 1 must be/],
    [`a:read:${hash.slice(1)}`, /key 1 must be/],
    [`a:read:ssk_${hash}`, /key 1 must be/],
    [`a:read:${hash.toUpperCase()}`, /key 1 must be/],
    [`a:all:${hash}`, /key 1 must have scopes of read, write, admin/],
    [`a:read+read:${hash}`, /key 1 must have scopes/],
    [`a:read+:${hash}`, /key 1 must have scopes/],
    [`a:read:${hash},b:read:${hash}`, /key 2 is the same key as another/],
    [`a:read:${hash}+${hash}`, /key 1 is the same key as another/],
    [`a:read:${hash}+`, /key 1 must be/],
    [`a:read:${hash},a:read:${hash.replace('c', 'd')}`, /key 2 has the name of another/],
  ]
  for (const [setting, says] of wrong) {
    t.throws(() => readConfig({ API_KEYS: setting }), says)
    try {
      readConfig({ API_KEYS: setting })
    } catch (error) {
      t.notMatch((error as ConfigError).lines.join(), /hunter2|c0ffee/i)
    }
  }
  const lines = (setting: string) => {
    try {
      return readConfig({ API_KEYS: setting })
    } catch (error) {
      return (error as ConfigError).lines.length
    }
  }
  t.equal(lines('a,b,c'), 3)
})

t.test('with a file of keys the service is keyed, whatever that holds, and the file is not read here', async (t) => {
  const API_KEYS_FILE = 'no-such-file.json'
  t.match(readConfig({ API_KEYS_FILE }), { apiKeys: [], apiKeysFile: API_KEYS_FILE, allowedHosts: [] })
  t.equal(readConfig({ API_KEYS_FILE, HOST: '0.0.0.0' }).host, '0.0.0.0')
  t.same(readConfig({ API_KEYS_FILE, CORS_ORIGINS: '*' }).corsOrigins, ['*'])
  t.throws(() => readConfig({ API_KEYS_FILE, API_KEYS: `a:read:${'1'.repeat(64)}` }), {
    name: 'ConfigError',
    lines: [/^API_KEYS_FILE cannot be set together with API_KEYS: put those keys into the file/],
  })
})

t.test('people may be acted for in domains that are named one by one, and in none by default', async (t) => {
  t.same(readConfig({}).actAsDomains, [])
  t.same(readConfig({ GOOGLE_ACT_AS_DOMAINS: 'Example.com, sub.example.com,' }).actAsDomains, [
    'example.com',
    'sub.example.com',
  ])
  for (const wrong of ['*', '*.example.com', '@example.com', '.example.com', 'example', 'a b.com', 'bücher.example'])
    t.throws(() => readConfig({ GOOGLE_ACT_AS_DOMAINS: wrong }), /^GOOGLE_ACT_AS_DOMAINS must be domains/, wrong)
})

t.test('without API keys only this machine may reach the port, unless INSECURE says so', async (t) => {
  for (const HOST of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) t.equal(readConfig({ HOST }).host, HOST)
  for (const HOST of ['0.0.0.0', '::', '192.168.1.5', 'example.com', '127.0.0.1.example.com', '127.example.com']) {
    t.throws(() => readConfig({ HOST }), /^HOST .*API_KEYS.*INSECURE=1/, HOST)
    t.throws(() => readConfig({ HOST, INSECURE: '0' }), /INSECURE=1/)
    t.equal(readConfig({ HOST, INSECURE: '1' }).host, HOST)
    t.equal(readConfig({ HOST, API_KEYS: `a:read:${'1'.repeat(64)}` }).host, HOST)
  }
})

t.test('the hosts that are served are those that are named, and the one that HOST is', async (t) => {
  const allowed = (environment: Record<string, string>) => readConfig(environment).allowedHosts
  t.same(allowed({ ALLOWED_HOSTS: 'A.example., 10.0.0.7,[FE80:0::1]' }), [
    'a.example',
    '10.0.0.7',
    '[fe80::1]',
    '127.0.0.1',
  ])
  t.same(allowed({ PUBLIC_URL: 'https://Rows.example:8443/x' }), ['127.0.0.1', 'rows.example'])
  t.equal(readConfig({ PUBLIC_URL: 'https://Rows.example:8443/x' }).publicOrigin, 'https://rows.example:8443')
  for (const HOST of ['0.0.0.0', '::'])
    t.same(allowed({ HOST, INSECURE: '1' }), [], 'no host is meant by all addresses')
  t.same(allowed({ HOST: '192.168.1.5', INSECURE: '1' }), ['192.168.1.5'])
  t.same(allowed({ HOST: 'fe80::1', INSECURE: '1' }), ['[fe80::1]'])
  const API_KEYS = `a:read:${'1'.repeat(64)}`
  t.same(allowed({ API_KEYS, PUBLIC_URL: 'https://rows.example' }), [], 'with keys any host, unless some are named')
  t.same(allowed({ API_KEYS, ALLOWED_HOSTS: 'a.example' }), ['a.example', '127.0.0.1'])
  for (const wrong of [
    'https://a.example',
    'a.example:80',
    '*',
    '*.example',
    'a/b',
    'me@a.example',
    '[::1]:80',
    '::1',
  ]) {
    t.throws(() => readConfig({ ALLOWED_HOSTS: wrong }), /^ALLOWED_HOSTS must be hosts/, wrong)
  }
  for (const all of ['0.0.0.0', '[::]', 'a.example,0.0.0.0']) {
    const refusal = /^ALLOWED_HOSTS must be the hosts that clients name/
    t.throws(() => readConfig({ API_KEYS, ALLOWED_HOSTS: all }), refusal, 'an empty list would mean any host')
  }
  for (const PUBLIC_URL of ['rows.example', 'ftp://rows.example']) {
    t.throws(() => readConfig({ PUBLIC_URL }), /^PUBLIC_URL must be an http or https URL/)
  }
})

t.test('pages of any origin may call only where keys are asked for', async (t) => {
  const API_KEYS = `a:read:${'1'.repeat(64)}`
  t.same(readConfig({ CORS_ORIGINS: '*', API_KEYS }).corsOrigins, ['*'])
  for (const more of [
    {},
    { INSECURE: '1' },
    { INSECURE: '1', HOST: '0.0.0.0' },
    { CORS_ORIGINS: 'https://a.example,*' },
  ]) {
    t.throws(() => readConfig({ CORS_ORIGINS: '*', ...more }), {
      name: 'ConfigError',
      lines: [/^CORS_ORIGINS may only be \* with API_KEYS: .*every row/],
    })
  }
  t.ok(readConfig({ CORS_ORIGINS: '*', ROLE: 'worker', STORAGE_URL: 'redis://localhost' }), 'a worker shows no rows')
})

t.test('UMASK is octal and leaves everything to the user of the service', async (t) => {
  for (const [UMASK, umask] of [
    ['077', 0o077],
    ['0027', 0o027],
    ['002', 2],
    ['000', 0],
  ] as const) {
    t.equal(readConfig({ UMASK }).umask, umask)
  }
  for (const UMASK of ['77', '0o27', '088', '177', '0777', '-1', '00077', 'u=rwx']) {
    t.throws(() => readConfig({ UMASK }), /^UMASK must be octal/, UMASK)
  }
})

t.test('an empty value counts as unset', async (t) => {
  t.match(readConfig({ PORT: '', GOOGLE_API_KEY: '' }), { port: 3000, google: { apiKey: undefined } })
})

t.test('how long snapshots stay and how many there may be is read', async (t) => {
  t.equal(readConfig({}).retention.ttlMs, undefined, 'the newest stays for ever')
  t.match(
    readConfig({
      SNAPSHOT_TTL: '30d',
      SNAPSHOT_BYTES_MAX: '2TB',
      SNAPSHOT_BYTES_PER_KEY: '500MB',
      MAX_SNAPSHOTS_PER_KEY: '7',
    }),
    {
      retention: { kept: 3, ttlMs: 30 * 86_400_000 },
      snapshotLimits: { maxBytes: 2e12, maxBytesPerKey: 5e8, maxSnapshotsPerKey: 7 },
    },
  )
  t.throws(() => readConfig({ SNAPSHOT_TTL: '0s' }), /^SNAPSHOT_TTL must be 1s or more/)
  t.throws(() => readConfig({ SNAPSHOT_BYTES_MAX: '100' }), /^SNAPSHOT_BYTES_MAX must be a number of bytes/)
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

t.test('a duration has an end that a date can name', async (t) => {
  t.equal(readConfig({ STATUS_TTL: '36500d' }).statusTtlMs, 36_500 * 86_400_000)
  t.throws(() => readConfig({ STATUS_TTL: '36501d' }), { message: /^STATUS_TTL must be 36500d or less/ })
})

t.test('webhook secrets are read, one or several', async (t) => {
  const secrets = [24, 32, 64].map((length) => Buffer.alloc(length, length))
  const written = secrets.map((secret) => `whsec_${secret.toString('base64')}`)
  t.same(readConfig({}).webhooks, { secrets: [], insecure: false })
  t.same(readConfig({ WEBHOOK_SECRET: written.join(' ') }).webhooks.secrets, secrets)
  t.same(readConfig({ WEBHOOK_SECRET: written.join(','), WEBHOOK_INSECURE: '1' }).webhooks, { secrets, insecure: true })
  const wrong = [
    'hunter2',
    'whsec_',
    `whsec_${Buffer.alloc(23).toString('base64')}`,
    `whsec_${Buffer.alloc(65).toString('base64')}`,
    `whsec_${'A'.repeat(41)}`,
    `whsec_${'-'.repeat(40)}`,
    `${written[0]} hunter2`,
  ]
  for (const WEBHOOK_SECRET of wrong) {
    t.throws(() => readConfig({ WEBHOOK_SECRET }), /^WEBHOOK_SECRET must be whsec_/, WEBHOOK_SECRET)
  }
  t.throws(() => readConfig({ WEBHOOK_INSECURE: 'true' }), /^WEBHOOK_INSECURE can only be 1/)
})

t.test('proxies are trusted by address only', async (t) => {
  t.same(readConfig({}).trustedProxies, [])
  t.same(readConfig({ TRUST_PROXY: 'loopback, 10.0.0.0/8,192.0.2.1,2001:db8::/32' }).trustedProxies, [
    'loopback',
    '10.0.0.0/8',
    '192.0.2.1',
    '2001:db8::/32',
  ])
  for (const TRUST_PROXY of ['true', '1', '*', 'proxy.example', '10.0.0.0/33', '0.0.0.0/0', '10.0.0', 'fe80::1%eth0']) {
    t.throws(() => readConfig({ TRUST_PROXY }), { message: /^TRUST_PROXY must be addresses or CIDRs/ }, TRUST_PROXY)
  }
})

t.test('requests are limited unless that is turned off', async (t) => {
  t.equal(readConfig({}).limits.requestsPerMinute, 6000)
  t.equal(readConfig({ RATE_LIMIT: '10' }).limits.requestsPerMinute, 10)
  t.equal(readConfig({ RATE_LIMIT: 'off' }).limits.requestsPerMinute, undefined)
})

t.test('a project has as many reads as one of its accounts, unless a number of its own is set', async (t) => {
  const readsOf = (environment: Record<string, string>) => readConfig(environment).google
  t.match(readsOf({ GOOGLE_READS_PER_MINUTE: '600' }), { readsPerMinute: 600, projectReadsPerMinute: 600 })
  const both = { GOOGLE_READS_PER_MINUTE: '600', GOOGLE_PROJECT_READS_PER_MINUTE: '100' }
  t.match(readsOf(both), { readsPerMinute: 600, projectReadsPerMinute: 100 })
})

t.test('a file URL names a folder', async (t) => {
  for (const name of ['STORAGE_URL', 'SNAPSHOT_URL']) {
    t.throws(() => readConfig({ [name]: 'file://' }), { message: `${name} must name a folder after file:` })
  }
})

t.test('snapshots may land in a bucket, of Amazon or of any store at an endpoint', async (t) => {
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
    RATE_LIMIT: 'some',
    MAX_QUEUED: '0',
    INSECURE: 'yes',
    MAX_CONNECTIONS: '0',
    REQUEST_TIMEOUT: '10ms',
    SYNC_BYTES_MAX: '500KB',
    DISK_FREE_MIN: '200',
    WEBHOOK_SECRET: 'whsec_hunter2',
    WEBHOOK_INSECURE: 'yes',
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
    history: { ttlMs: 86_400_000 },
  })
  const refused = (environment: Record<string, string>, line: RegExp) =>
    t.throws(() => readConfig(environment), { name: 'ConfigError', lines: [line] })
  refused({ ROLE: 'worker' }, /^ROLE can only be all while STORAGE_URL begins with file:/)
  refused({ STORAGE_URL: 'redis://localhost', HISTORY_URL: 'file:x' }, /^HISTORY_URL is for STORAGE_URL=file: only/)
  refused({ STORAGE_URL: 'postgres://localhost/a', HISTORY_BYTES_MAX: '1GB' }, /^HISTORY_BYTES_MAX does not bound/)
  refused({ STORAGE_URL: 'redis://' }, /^STORAGE_URL must begin with/)
})

t.test('a history is kept on each storage: in PostgreSQL unless it is 0, elsewhere when it is asked for', async (t) => {
  const historyOf = (environment: Record<string, string>) => readConfig(environment).history
  t.match(historyOf({ STORAGE_URL: 'postgres://localhost/a' }), { ttlMs: 30 * 86_400_000 })
  t.match(historyOf({ STORAGE_URL: 'postgres://localhost/a', HISTORY_TTL: '0' }), { ttlMs: 0 })
  t.match(historyOf({ STORAGE_URL: 'redis://localhost' }), { ttlMs: 0, maxBytes: 100e6 })
  t.match(historyOf({ STORAGE_URL: 'redis://localhost', HISTORY_TTL: '1d', HISTORY_BYTES_MAX: '2GB' }), {
    ttlMs: 86_400_000,
    maxBytes: 2e9,
  })
  t.match(historyOf({ HISTORY_TTL: '0' }), { ttlMs: 0 })
  t.match(historyOf({ HISTORY_TTL: '30d' }), { ttlMs: 30 * 86_400_000, directory: 'data/sync-history' })
  t.match(historyOf({ STORAGE_URL: 'file:/srv/x' }), { directory: '/srv/x/history' })
  t.match(historyOf({ STORAGE_URL: 'file:/srv/x/sync-status' }), { directory: '/srv/x/sync-history' })
  t.match(historyOf({ HISTORY_URL: 'file:/srv/old' }), { directory: '/srv/old' })
  t.throws(() => readConfig({ HISTORY_TTL: '1 day' }), /^HISTORY_TTL must be a duration/)
  t.throws(() => readConfig({ HISTORY_BYTES_MAX: '1' }), /^HISTORY_BYTES_MAX must be a number of bytes/)
  t.throws(() => readConfig({ HISTORY_URL: 's3://bucket' }), /^HISTORY_URL must be file: and a folder/)
})

t.test('white space around a value is dropped, and a value of nothing else counts as unset', async (t) => {
  const config = readConfig({
    GOOGLE_API_KEY: 'canary-key\n',
    GOOGLE_APPLICATION_CREDENTIALS: ' key.json\r\n',
    PORT: ' ',
  })
  t.match(config, { google: { apiKey: 'canary-key', credentialFile: 'key.json' }, port: 3000 })
})

t.test('the content of a key file in place of its path stops the start, in one line without any of it', async (t) => {
  const file = JSON.stringify(
    { type: 'service_account', private_key: '-----BEGIN PRIVATE KEY-----\nhunter2\n' },
    null,
    2,
  )
  const contents = {
    json: file,
    'json on one line': JSON.stringify(JSON.parse(file)),
    'json in quotes': `'${file}'`,
    base64: Buffer.from(file).toString('base64'),
    'base64 in lines': Buffer.from(file).toString('base64').replaceAll(/.{76}/g, '$&\n'),
    base64url: Buffer.from(file).toString('base64url'),
    pem: '-----BEGIN PRIVATE KEY-----hunter2',
    'an API key': 'AIzaSyA0000000000000000000000000000000x',
  }
  for (const [what, content] of Object.entries(contents)) {
    for (const name of ['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CREDENTIALS', 'GOOGLE_API_KEY']) {
      if (what === 'an API key' && name === 'GOOGLE_API_KEY') continue
      try {
        readConfig({ [name]: content })
        t.fail(`${what} was accepted as ${name}`)
      } catch (error) {
        const { lines, message } = error as ConfigError
        t.equal(lines?.length, 1, `${name}: ${what}`)
        t.match(
          lines?.[0],
          new RegExp(`^${name} must be (?:the path of a (?:key file|folder of key files)|one API key)`),
        )
        t.notMatch(message, /\n|hunter2|AIza|BEGIN|ey[\w]{20}/)
      }
    }
  }
  for (const GOOGLE_APPLICATION_CREDENTIALS of [
    'key.json',
    '/run/secrets/key',
    'C:\\keys\\{dev} key.json',
    'a'.repeat(60),
  ]) {
    t.equal(readConfig({ GOOGLE_APPLICATION_CREDENTIALS }).google.credentialFile, GOOGLE_APPLICATION_CREDENTIALS)
  }
})

t.test('a duration longer than a timer can hold is kept, and one that no date can tell is refused', async (t) => {
  t.match(readConfig({ SYNC_DEADLINE: '30d', SWEEP_INTERVAL: '60d', STATUS_TTL: '3650d' }), {
    syncDeadlineMs: 2_592_000_000,
    sweepIntervalMs: 5_184_000_000,
    statusTtlMs: 315_360_000_000,
  })
  for (const name of ['SYNC_DEADLINE', 'STATUS_TTL', 'SWEEP_INTERVAL', 'HISTORY_TTL', 'REQUEST_TIMEOUT']) {
    t.throws(() => readConfig({ [name]: '999999999d' }), new RegExp(`^${name} must be 36500d or less`), name)
  }
})

t.test('changes are asked for each 30 seconds, and wait for others no longer than they may', async (t) => {
  t.match(readConfig({}), { changes: { intervalMs: 30_000, quietMs: 20_000, waitMaxMs: 120_000 } })
  t.match(readConfig({ CHANGES_INTERVAL: '5s', CHANGES_QUIET: '1m', CHANGES_WAIT_MAX: '1m' }), {
    changes: { intervalMs: 5000, quietMs: 60_000, waitMaxMs: 60_000 },
  })
  t.throws(() => readConfig({ CHANGES_INTERVAL: '100ms' }), /^CHANGES_INTERVAL must be 1s or more/)
  t.throws(() => readConfig({ CHANGES_QUIET: '3m' }), /^CHANGES_WAIT_MAX must be CHANGES_QUIET or more/)
})

t.test('every secret among the settings is known as one', async (t) => {
  const key = 'c0ffee'.repeat(11).slice(0, 64)
  const { secrets } = readConfig({
    GOOGLE_API_KEY: 'google-key',
    API_KEYS: `a:read:${key}`,
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
    STORAGE_URL: 'redis://me:p%40ss%zz@localhost',
    AWS_SECRET_ACCESS_KEY: 'aws-secret',
    AWS_SESSION_TOKEN: 'aws-token',
    PGPASSWORD: 'pg-password',
    HTTPS_PROXY: 'http://me:proxy-password@proxy.example',
  })
  const expected = ['google-key', key, Buffer.alloc(24, 7).toString('base64'), 'p%40ss%zz', 'p@ss%zz', 'aws-secret']
  for (const secret of [...expected, 'aws-token', 'pg-password', 'proxy-password'])
    t.ok(secrets.includes(secret), secret)
})
