import { isIPv4 } from 'node:net'
import { z } from 'zod'
import type { ApiKey } from './api-keys.ts'
import {
  apiKeys,
  duration,
  durationText,
  httpUrl,
  type SnapshotPlace,
  type StorageConfig,
  snapshotUrl,
  storageUrl,
  toMilliseconds,
  webhookSecrets,
  wholeNumber,
  wholeNumberOr,
} from './setting-kinds.ts'

/** How long PostgreSQL keeps finished syncs unless HISTORY_TTL says otherwise: 30 days. */
const DEFAULT_HISTORY_MS = 30 * 86_400_000

/** Every setting, once: its name in the environment, its default, what it may be. */
const settings = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(3000, 0, 65_535),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SNAPSHOT_URL: snapshotUrl,
  AWS_ENDPOINT_URL_S3: httpUrl.optional(),
  AWS_ENDPOINT_URL: httpUrl.optional(),
  AWS_REGION: z.string().min(1).optional(),
  STORAGE_URL: storageUrl('file:data/sync-status'),
  STATUS_TTL: duration('5m'),
  SWEEP_INTERVAL: duration('5m').refine((ms) => ms >= 100, 'must be 100ms or more'),
  SNAPSHOTS_KEPT: wholeNumber(3, 1, 1000),
  SYNC_CONCURRENCY: wholeNumber(4, 1, 100),
  SYNC_DEADLINE: duration('2h').refine((ms) => ms >= 1000, 'must be 1s or more'),
  GOOGLE_APPLICATION_CREDENTIALS: z.string().min(1).optional(),
  GOOGLE_API_KEY: z.string().min(1).optional(),
  GOOGLE_API_ROOT_URL: httpUrl.optional(),
  GOOGLE_READS_PER_MINUTE: wholeNumber(60, 1, 100_000),
  CORS_ORIGINS: z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ''),
    )
    .refine(
      (origins) => origins.every((origin) => origin === '*' || URL.parse(origin)?.origin === origin),
      'must be origins such as https://app.example.com, separated by commas, or *',
    ),
  API_KEYS: apiKeys,
  INSECURE: z.enum(['0', '1'], 'must be 1, or unset').default('0'),
  METRICS_ACCESS: z.enum(['admin', 'open']).default('admin'),
  RATE_LIMIT: wholeNumberOr('off', 1, 1_000_000),
  MAX_QUEUED: wholeNumber(1000, 1, 1_000_000),
  MAX_ACTIVE_PER_KEY: wholeNumber(100, 1, 1_000_000),
  MAX_STREAMS_PER_KEY: wholeNumber(100, 1, 1_000_000),
  REQUEST_TIMEOUT: duration('30s').refine((ms) => ms >= 1000, 'must be 1s or more'),
  WEBHOOK_SECRET: webhookSecrets,
  WEBHOOK_INSECURE: z.literal('1', 'can only be 1; leave it out otherwise').optional(),
  HISTORY_TTL: durationText.transform(toMilliseconds).optional(),
  ROLE: z.enum(['all', 'api', 'worker'], 'must be all, api or worker').default('all'),
})

/** What the service runs by; durations are milliseconds, folders are paths. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly logLevel: string
  readonly snapshots: SnapshotPlace
  /** How the bucket of an `s3` place is reached; credentials are for the SDK to find. */
  readonly s3: {
    readonly endpoint: string | undefined
    readonly region: string | undefined
  }
  readonly storage: StorageConfig
  /** `api` answers requests, `worker` runs syncs, `all` does both. */
  readonly role: 'all' | 'api' | 'worker'
  readonly statusTtlMs: number
  /** How long PostgreSQL keeps finished syncs in lists, beyond what is answered by id. */
  readonly historyTtlMs: number
  readonly sweepIntervalMs: number
  readonly snapshotsKept: number
  readonly syncConcurrency: number
  readonly syncDeadlineMs: number
  readonly google: {
    readonly credentialFile: string | undefined
    readonly apiKey: string | undefined
    readonly rootUrl: string | undefined
    readonly readsPerMinute: number
  }
  /** Empty: no cross-origin access. `*` among them: any origin. */
  readonly corsOrigins: readonly string[]
  /** Empty: no key is asked for. */
  readonly apiKeys: readonly ApiKey[]
  /** Whether /metrics is shown without a key. */
  readonly openMetrics: boolean
  readonly limits: {
    /** Requests a minute of each key, and of each address for those without; `undefined` = no limit. */
    readonly requestsPerMinute: number | undefined
    readonly maxQueued: number
    readonly maxActivePerKey: number
    readonly maxStreamsPerKey: number
    /** How long a client may take to send a request. */
    readonly requestTimeoutMs: number
  }
  readonly webhooks: {
    /** Keys that messages are signed with, all of them; none: nobody is told of anything. */
    readonly secrets: readonly Buffer[]
    /** Whether http, and addresses that are not public, are allowed: for development. */
    readonly insecure: boolean
  }
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

/** Reads the settings out of an environment; an empty value counts as unset. Throws a ConfigError naming every fault. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = settings.safeParse(given)
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`))
  }
  const value = parsed.data
  const endpoint = value.AWS_ENDPOINT_URL_S3 ?? value.AWS_ENDPOINT_URL
  const contradictions = contradictionsIn(value)
  if (contradictions.length > 0) throw new ConfigError(contradictions)
  return {
    host: value.HOST,
    port: value.PORT,
    logLevel: value.LOG_LEVEL,
    snapshots: value.SNAPSHOT_URL,
    s3: { endpoint, region: value.AWS_REGION ?? (endpoint === undefined ? undefined : 'us-east-1') },
    storage: value.STORAGE_URL,
    role: value.ROLE,
    statusTtlMs: value.STATUS_TTL,
    historyTtlMs: value.HISTORY_TTL ?? DEFAULT_HISTORY_MS,
    sweepIntervalMs: value.SWEEP_INTERVAL,
    snapshotsKept: value.SNAPSHOTS_KEPT,
    syncConcurrency: value.SYNC_CONCURRENCY,
    syncDeadlineMs: value.SYNC_DEADLINE,
    google: {
      credentialFile: value.GOOGLE_APPLICATION_CREDENTIALS,
      apiKey: value.GOOGLE_API_KEY,
      rootUrl: value.GOOGLE_API_ROOT_URL,
      readsPerMinute: value.GOOGLE_READS_PER_MINUTE,
    },
    corsOrigins: value.CORS_ORIGINS,
    apiKeys: value.API_KEYS,
    openMetrics: value.METRICS_ACCESS === 'open',
    limits: {
      requestsPerMinute: value.RATE_LIMIT,
      maxQueued: value.MAX_QUEUED,
      maxActivePerKey: value.MAX_ACTIVE_PER_KEY,
      maxStreamsPerKey: value.MAX_STREAMS_PER_KEY,
      requestTimeoutMs: value.REQUEST_TIMEOUT,
    },
    webhooks: { secrets: value.WEBHOOK_SECRET, insecure: value.WEBHOOK_INSECURE === '1' },
  }
}

/** Settings that are fine each by itself, and not together. */
function contradictionsIn(value: z.output<typeof settings>): string[] {
  const { STORAGE_URL, ROLE, HISTORY_TTL, HOST, API_KEYS, INSECURE } = value
  const { kind } = STORAGE_URL
  const isLoopback = HOST === 'localhost' || HOST === '::1' || (isIPv4(HOST) && HOST.startsWith('127.'))
  return [
    // Without keys whoever reaches the port reads every row, so only this machine may reach it. A worker has no rows to show.
    ...(API_KEYS.length === 0 && !isLoopback && INSECURE !== '1' && ROLE !== 'worker'
      ? [
          'HOST may only be 127.0.0.1, ::1 or localhost while no API_KEYS are set: set API_KEYS (npm run api-key makes one), or INSECURE=1 if something else keeps strangers from this port',
        ]
      : []),
    ...(ROLE !== 'all' && kind === 'file'
      ? [
          'ROLE can only be all while STORAGE_URL begins with file: (one process does everything); roles need redis:// or postgres://',
        ]
      : []),
    ...(HISTORY_TTL !== undefined && kind !== 'postgres'
      ? ['HISTORY_TTL is kept by postgres:// only; unset it, so that nobody relies on it']
      : []),
  ]
}
