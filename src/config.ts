import { isIPv6 } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { unescape as percentDecoded } from 'node:querystring'
import { z } from 'zod'
import { hostNameOf, isLoopback } from './host-name.ts'
import {
  apiKeys,
  byteSize,
  credentialFolder,
  credentialPath,
  domains,
  duration,
  durationOrNone,
  fileModeMask,
  folderUrl,
  googleApiKey,
  hosts,
  httpUrl,
  isEverywhere,
  origins,
  proxies,
  snapshotUrl,
  storageUrl,
  text,
  tokenKeys,
  webhookSecrets,
  wholeNumber,
  wholeNumberOrOff,
} from './setting-types.ts'

const atLeast = (ms: number, written: string) => duration.refine((value) => value >= ms, `must be ${written} or more`)

/** Every setting, once: its name in the environment, its default, what it may be. Durations are read as milliseconds. */
const environment = z.object({
  HOST: text.default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).prefault('3000'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** `auto`: `pretty` where standard output is a terminal, else `json`. */
  LOG_FORMAT: z.enum(['auto', 'json', 'pretty'], 'must be auto, json or pretty').default('auto'),
  /** `api` answers requests, `worker` runs syncs, `all` does both. */
  ROLE: z.enum(['all', 'api', 'worker'], 'must be all, api or worker').default('all'),

  STORAGE_URL: storageUrl.prefault('file:data/sync-status'),
  STATUS_TTL: duration.prefault('5m'),
  /** How long finished syncs are found once their status has expired: on PostgreSQL 30 days unless it is set, else not at all. */
  HISTORY_TTL: durationOrNone.optional(),
  /** Of the history in files, by default 1 GB, or in Redis, 100 MB. */
  HISTORY_BYTES_MAX: byteSize.optional(),
  /** Unset: beside the folder of the status. */
  HISTORY_URL: folderUrl.optional(),
  SWEEP_INTERVAL: atLeast(100, '100ms').prefault('5m'),
  /** New files and folders are for this user alone, unless several users share them. */
  UMASK: fileModeMask.prefault('077'),

  SNAPSHOT_URL: snapshotUrl.prefault('file:data/snapshots'),
  SNAPSHOTS_KEPT: wholeNumber(1, 1000).prefault('3'),
  /** Unset: the newest snapshot of a tab stays for ever. */
  SNAPSHOT_TTL: atLeast(1000, '1s').optional(),
  /** Of all snapshots together; of those of one key. */
  SNAPSHOT_BYTES_MAX: byteSize.prefault('100GB'),
  SNAPSHOT_BYTES_PER_KEY: byteSize.prefault('50GB'),
  MAX_SNAPSHOTS_PER_KEY: wholeNumber(1, 100_000_000).prefault('100000'),
  /** How the bucket of an `s3` place is reached; credentials are for the SDK to find. */
  AWS_ENDPOINT_URL_S3: httpUrl.optional(),
  AWS_ENDPOINT_URL: httpUrl.optional(),
  AWS_REGION: text.optional(),

  /** What the files of one sync may hold together. */
  SYNC_BYTES_MAX: byteSize.refine((bytes) => bytes >= 1e6, 'must be 1MB or more').prefault('10GB'),
  /** What stays free of the disk that holds the snapshots. */
  DISK_FREE_MIN: byteSize.prefault('200MB'),

  /** Where schedules lie as files; unset: beside the status folder, or in it. */
  SCHEDULES_URL: folderUrl.optional(),
  /** The least time between two runs of one schedule. */
  SCHEDULE_EVERY_MIN: atLeast(1000, '1s').prefault('1m'),
  /** After so many syncs in a row that failed a schedule pauses itself. */
  SCHEDULE_FAILURES_MAX: wholeNumber(1, 1_000_000).prefault('10'),
  MAX_SCHEDULES_PER_KEY: wholeNumber(1, 1_000_000).prefault('1000'),

  SYNC_CONCURRENCY: wholeNumber(1, 100).prefault('4'),
  SYNC_DEADLINE: atLeast(1000, '1s').prefault('2h'),
  GOOGLE_APPLICATION_CREDENTIALS: credentialPath.optional(),
  GOOGLE_API_KEY: googleApiKey.optional(),
  /** A folder of key files, each a credential of its own by the name of the file. */
  GOOGLE_CREDENTIALS: credentialFolder.optional(),
  GOOGLE_API_ROOT_URL: httpUrl.optional(),
  /** Of each account, and of all accounts of a project together; unset: 300, or as many as one account has. */
  GOOGLE_READS_PER_MINUTE: wholeNumber(1, 100_000).prefault('60'),
  GOOGLE_PROJECT_READS_PER_MINUTE: wholeNumber(1, 100_000).optional(),
  /** Whose people credentials may act for; empty: nobody's. */
  GOOGLE_ACT_AS_DOMAINS: domains.prefault(''),

  /** Between two lists of what changed, for schedules with `onChange`. */
  CHANGES_INTERVAL: atLeast(1000, '1s').prefault('30s'),
  /** How long a spreadsheet must not have changed before it is synced, and how long its first change waits at most. */
  CHANGES_QUIET: atLeast(1000, '1s').prefault('20s'),
  CHANGES_WAIT_MAX: atLeast(1000, '1s').prefault('2m'),

  /** Questions about rows: the processes that answer them, what one may use, and the rows that it may hand back. */
  QUERY_PROCESSES: wholeNumber(1, 64).prefault('2'),
  QUERY_TIME_LIMIT: atLeast(100, '100ms').prefault('10s'),
  QUERY_MEMORY: byteSize.refine((bytes) => bytes >= 128e6, 'must be 128MB or more').prefault('256MB'),
  QUERY_ROWS: wholeNumber(1, 1_000_000).prefault('10000'),
  /** Tables that are made of snapshots on this machine, to be asked again; what they may have together. */
  QUERY_CACHE_URL: folderUrl.prefault('file:data/query-cache'),
  QUERY_CACHE_BYTES: byteSize.prefault('2GB'),

  /** Seals users' own tokens, and names their owners; unset: none are taken. */
  TOKEN_KEY: tokenKeys.prefault(''),

  /** Empty: no cross-origin access. */
  CORS_ORIGINS: origins.prefault(''),
  /** Without these and without a file of them no key is required. */
  API_KEYS: apiKeys,
  /** A JSON file of keys, which is read anew when it changes. */
  API_KEYS_FILE: text.optional(),
  /** Hosts that requests may be for, beside this machine; with API_KEYS an empty list means any. */
  ALLOWED_HOSTS: hosts.prefault(''),
  /** Where users reach the service, through whatever stands in front of it. */
  PUBLIC_URL: httpUrl.optional(),
  /** Allows any HOST without API_KEYS. */
  INSECURE: z.enum(['0', '1'], 'must be 1, or unset').default('0'),
  /** `open`: /metrics is shown without a key. */
  METRICS_ACCESS: z.enum(['admin', 'open']).default('admin'),
  /** Requests a minute of each key, and of each address for those without; those that watch a sync are not counted. */
  RATE_LIMIT: wholeNumberOrOff(1, 1_000_000).prefault('6000'),
  /** The proxies in front of the service, whose X-Forwarded-For says who their clients are. Empty: nobody is believed. */
  TRUST_PROXY: proxies.prefault(''),
  MAX_QUEUED: wholeNumber(1, 1_000_000).prefault('1000'),
  MAX_ACTIVE_PER_KEY: wholeNumber(1, 1_000_000).prefault('100'),
  /** What one key may leave behind: syncs that are not yet forgotten, their bytes, idempotency keys of 24 hours. */
  MAX_RECORDS_PER_KEY: wholeNumber(1, 10_000_000).prefault('10000'),
  MAX_RECORD_BYTES_PER_KEY: byteSize.prefault('256MB'),
  MAX_IDEMPOTENCY_KEYS_PER_KEY: wholeNumber(1, 100_000_000).prefault('100000'),
  /** Event streams and waits of each key or address. */
  MAX_STREAMS_PER_KEY: wholeNumber(1, 1_000_000).prefault('100'),
  /** Connections at a time, half of the files that the process may have open at the most; unset: 4096. */
  MAX_CONNECTIONS: wholeNumber(1, 1_000_000).optional(),
  /** How long a client may take to send a request. */
  REQUEST_TIMEOUT: atLeast(1000, '1s').prefault('30s'),

  /** Keys that webhooks are signed with, all of them; none: no webhook is sent. */
  WEBHOOK_SECRET: webhookSecrets.prefault(''),
  /** For development: webhooks are sent by http too, and to addresses that are not public. */
  WEBHOOK_INSECURE: z.literal('1', 'can only be 1; leave it out otherwise').optional(),
})

/** The name of every setting. */
export const SETTINGS: readonly string[] = Object.keys(environment.shape)

const config = environment.transform((value, context) => {
  refuseContradictions(value, context)
  const endpoint = value.AWS_ENDPOINT_URL_S3 ?? value.AWS_ENDPOINT_URL
  return {
    host: value.HOST,
    port: value.PORT,
    logLevel: value.LOG_LEVEL,
    logFormat: value.LOG_FORMAT,
    role: value.ROLE,
    storage: value.STORAGE_URL,
    statusTtlMs: value.STATUS_TTL,
    history: {
      ttlMs: value.HISTORY_TTL ?? (value.STORAGE_URL.kind === 'postgres' ? 30 * 86_400_000 : 0),
      maxBytes: value.HISTORY_BYTES_MAX ?? (value.STORAGE_URL.kind === 'redis' ? 100e6 : 1e9),
      directory: value.HISTORY_URL ?? folderBy(value.STORAGE_URL, { beside: 'sync-history', within: 'history' }),
    },
    sweepIntervalMs: value.SWEEP_INTERVAL,
    umask: value.UMASK,
    snapshots: value.SNAPSHOT_URL,
    retention: { kept: value.SNAPSHOTS_KEPT, ttlMs: value.SNAPSHOT_TTL },
    snapshotLimits: {
      maxBytes: value.SNAPSHOT_BYTES_MAX,
      maxBytesPerKey: value.SNAPSHOT_BYTES_PER_KEY,
      maxSnapshotsPerKey: value.MAX_SNAPSHOTS_PER_KEY,
    },
    s3: { endpoint, region: value.AWS_REGION ?? (endpoint === undefined ? undefined : 'us-east-1') },
    syncBytesMax: value.SYNC_BYTES_MAX,
    diskFreeMin: value.DISK_FREE_MIN,
    schedules: {
      directory: value.SCHEDULES_URL ?? folderBy(value.STORAGE_URL, { beside: 'schedules', within: 'schedules' }),
      everyMinMs: value.SCHEDULE_EVERY_MIN,
      failuresMax: value.SCHEDULE_FAILURES_MAX,
      maxPerKey: value.MAX_SCHEDULES_PER_KEY,
    },
    syncConcurrency: value.SYNC_CONCURRENCY,
    syncDeadlineMs: value.SYNC_DEADLINE,
    google: {
      credentialFile: value.GOOGLE_APPLICATION_CREDENTIALS,
      apiKey: value.GOOGLE_API_KEY,
      folder: value.GOOGLE_CREDENTIALS,
      rootUrl: value.GOOGLE_API_ROOT_URL,
      readsPerMinute: value.GOOGLE_READS_PER_MINUTE,
      projectReadsPerMinute: value.GOOGLE_PROJECT_READS_PER_MINUTE ?? Math.max(300, value.GOOGLE_READS_PER_MINUTE),
    },
    actAsDomains: value.GOOGLE_ACT_AS_DOMAINS,
    changes: {
      intervalMs: value.CHANGES_INTERVAL,
      quietMs: value.CHANGES_QUIET,
      waitMaxMs: value.CHANGES_WAIT_MAX,
    },
    queries: {
      processes: value.QUERY_PROCESSES,
      timeLimitMs: value.QUERY_TIME_LIMIT,
      memoryBytes: value.QUERY_MEMORY,
      maxRows: value.QUERY_ROWS,
      cache: { folder: value.QUERY_CACHE_URL, maxBytes: value.QUERY_CACHE_BYTES },
    },
    tokenKeys: value.TOKEN_KEY,
    corsOrigins: value.CORS_ORIGINS,
    apiKeys: value.API_KEYS,
    apiKeysFile: value.API_KEYS_FILE,
    allowedHosts: allowedHosts(value),
    publicUrl: value.PUBLIC_URL,
    publicOrigin: URL.parse(value.PUBLIC_URL ?? '')?.origin,
    trustedProxies: value.TRUST_PROXY,
    openMetrics: value.METRICS_ACCESS === 'open',
    limits: {
      requestsPerMinute: value.RATE_LIMIT,
      maxQueued: value.MAX_QUEUED,
      maxActivePerKey: value.MAX_ACTIVE_PER_KEY,
      maxRecordsPerKey: value.MAX_RECORDS_PER_KEY,
      maxRecordBytesPerKey: value.MAX_RECORD_BYTES_PER_KEY,
      maxIdempotencyKeysPerKey: value.MAX_IDEMPOTENCY_KEYS_PER_KEY,
      maxStreamsPerKey: value.MAX_STREAMS_PER_KEY,
      maxConnections: value.MAX_CONNECTIONS,
      requestTimeoutMs: value.REQUEST_TIMEOUT,
    },
    webhooks: { secrets: value.WEBHOOK_SECRET, insecure: value.WEBHOOK_INSECURE === '1' },
  }
})

/** What the service runs by; durations are milliseconds, folders are paths. */
export type Config = z.output<typeof config> & {
  /** Every value among the settings that nobody may read, for `rememberSecrets`. */
  readonly secrets: readonly string[]
}

/** The settings at fault, one line each; values are not repeated, as one may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

/**
 * Reads the settings out of an environment. White space around a value is dropped, and an empty value counts as unset.
 * Throws a ConfigError naming every fault.
 */
export function readConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.entries(variables).flatMap(([name, value = '']) =>
    value.trim() === '' ? [] : [[name, value.trim()] as const],
  )
  const parsed = config.safeParse(Object.fromEntries(given))
  if (parsed.success) return { ...parsed.data, secrets: given.flatMap(([name, value]) => secretsIn(name, value)) }
  throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`))
}

/** Variables whose value is a secret; the SDK of Amazon and the driver of PostgreSQL read theirs by themselves. */
const SECRETS = ['GOOGLE_API_KEY', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'PGPASSWORD']

/** What nobody may read of a variable: all of it, the parts of a list, or the password of a URL, also that of a proxy. */
function secretsIn(name: string, value: string): string[] {
  if (SECRETS.includes(name)) return [value]
  if (name === 'WEBHOOK_SECRET') return value.split(/[\s,]+/).map((secret) => secret.replace(/^whsec_/, ''))
  if (name === 'TOKEN_KEY') return value.split(/[\s,]+/)
  if (name === 'API_KEYS') return value.match(/[0-9a-f]{64}/g) ?? []
  const password = URL.parse(value)?.password ?? ''
  return [password, percentDecoded(password)]
}

/**
 * Beside a status folder that is named as it is by default, so that `data` holds both; else within it, where nothing else can
 * be in its way. Empty where nothing lies in files.
 */
function folderBy(storage: z.output<typeof storageUrl>, names: { readonly beside: string; readonly within: string }) {
  if (storage.kind !== 'file') return ''
  const { directory } = storage
  const isUsual = basename(directory) === 'sync-status'
  return isUsual ? join(dirname(directory), names.beside) : join(directory, names.within)
}

/** What ALLOWED_HOSTS and PUBLIC_URL name, and the one address or name that HOST is. */
function allowedHosts(value: z.output<typeof environment>): readonly string[] {
  const { ALLOWED_HOSTS, PUBLIC_URL, HOST } = value
  // No page can do anything without a key, so with keys hosts are checked for those alone who ask for it.
  if (isKeyed(value) && ALLOWED_HOSTS.length === 0) return []
  const own = [listensAt(HOST), hostNameOf(URL.parse(PUBLIC_URL ?? '')?.host ?? '') ?? '']
  return [...ALLOWED_HOSTS, ...own.filter((host) => host !== '' && !isEverywhere(host))]
}

/** Whether callers need a key, also while the file of keys holds none. */
function isKeyed({ API_KEYS, API_KEYS_FILE }: z.output<typeof environment>): boolean {
  return API_KEYS.length > 0 || API_KEYS_FILE !== undefined
}

/** HOST as `hostNameOf` spells it; empty when a browser cannot name it. */
function listensAt(host: string): string {
  return hostNameOf(isIPv6(host) ? `[${host}]` : host) ?? ''
}

/** Settings that are fine each by itself, and not together. */
function refuseContradictions(value: z.output<typeof environment>, context: z.RefinementCtx): void {
  const { STORAGE_URL, ROLE, HISTORY_BYTES_MAX, HISTORY_URL, HOST, INSECURE, CORS_ORIGINS } = value
  const refuse = (name: keyof typeof value, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message })
  // Which entry counts for a name must be seen in one place, and what is taken out of the file must be out.
  if (value.API_KEYS.length > 0 && value.API_KEYS_FILE !== undefined) {
    refuse('API_KEYS_FILE', 'cannot be set together with API_KEYS: put those keys into the file, and unset API_KEYS')
  }
  // Without keys whoever reaches the port reads every row, so only this machine may reach it. A worker has no rows to show.
  if (!isKeyed(value) && !isLoopback(listensAt(HOST)) && INSECURE !== '1' && ROLE !== 'worker') {
    refuse(
      'HOST',
      'may only be 127.0.0.1, ::1 or localhost while no API_KEYS are set: set API_KEYS (npm run api-key makes one) or API_KEYS_FILE, or INSECURE=1 if something else keeps strangers from this port',
    )
  }
  if (!isKeyed(value) && CORS_ORIGINS.includes('*') && ROLE !== 'worker') {
    refuse(
      'CORS_ORIGINS',
      'may only be * with API_KEYS: without keys every page that anybody opens could read every row; name the origins, or set API_KEYS (npm run api-key makes one) or API_KEYS_FILE',
    )
  }
  if (value.CHANGES_WAIT_MAX < value.CHANGES_QUIET) {
    refuse('CHANGES_WAIT_MAX', 'must be CHANGES_QUIET or more: it is the longest that a change waits for others')
  }
  if (ROLE !== 'all' && STORAGE_URL.kind === 'file') {
    refuse(
      'ROLE',
      'can only be all while STORAGE_URL begins with file: (one process does everything); roles need redis:// or postgres://',
    )
  }
  if (value.SCHEDULES_URL !== undefined && STORAGE_URL.kind !== 'file') {
    refuse('SCHEDULES_URL', 'is for file: storage only; schedules lie in the storage itself, so unset it')
  }
  if (HISTORY_URL !== undefined && STORAGE_URL.kind !== 'file') {
    refuse('HISTORY_URL', 'is for STORAGE_URL=file: only; a server keeps the history itself')
  }
  if (HISTORY_BYTES_MAX !== undefined && STORAGE_URL.kind === 'postgres') {
    refuse('HISTORY_BYTES_MAX', 'does not bound the history of postgres://, only HISTORY_TTL does; unset it')
  }
}
