import { isIPv4 } from 'node:net'
import { z } from 'zod'
import { type ApiKey, parseApiKeys } from './api-keys.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const duration = (fallback: string) =>
  z
    .string()
    .regex(/^\d{1,9}(?:ms|s|m|h|d)$/, 'must be a duration such as 500ms, 30s, 5m, 2h or 30d')
    .default(fallback)
    .transform((text) => Number.parseInt(text, 10) * (UNITS[text.replace(/^\d+/, '')] ?? 1))

const wholeNumber = (fallback: number, lowest: number, highest: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${lowest} to ${highest}`)
    .default(String(fallback))
    .transform(Number)
    .refine((number) => number >= lowest && number <= highest, `must be a whole number from ${lowest} to ${highest}`)

const wholeNumberOr = (fallback: string, lowest: number, highest: number) =>
  z
    .string()
    .default(fallback)
    .refine(
      (text) => text === 'off' || (/^\d{1,9}$/.test(text) && Number(text) >= lowest && Number(text) <= highest),
      `must be off, or a whole number from ${lowest} to ${highest}`,
    )
    .transform((text) => (text === 'off' ? undefined : Number(text)))

const apiKeys = z
  .string()
  .optional()
  .transform((setting, context): readonly ApiKey[] => {
    if (setting === undefined) return []
    const { keys, faults } = parseApiKeys(setting)
    for (const message of faults) context.addIssue({ code: 'custom', message })
    return keys
  })

const fileUrl = (fallback: string) =>
  z
    .string()
    .regex(/^file:.+/, 'must begin with file: (other drivers are not built yet)')
    .default(fallback)
    .transform((url) => url.replace(/^file:(?:\/\/)?/, ''))

const notBuiltYet = z.undefined('is not built yet; unset it, so that nobody relies on it').optional()

/** Every setting, once: its name in the environment, its default, what it may be. */
const settings = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(3000, 0, 65_535),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  STORAGE_URL: fileUrl('file:data/sync-status'),
  SNAPSHOT_URL: fileUrl('file:data/snapshots'),
  STATUS_TTL: duration('5m'),
  SWEEP_INTERVAL: duration('5m').refine((ms) => ms >= 100, 'must be 100ms or more'),
  SNAPSHOTS_KEPT: wholeNumber(3, 1, 1000),
  SYNC_CONCURRENCY: wholeNumber(4, 1, 100),
  SYNC_DEADLINE: duration('2h').refine((ms) => ms >= 1000, 'must be 1s or more'),
  GOOGLE_APPLICATION_CREDENTIALS: z.string().min(1).optional(),
  GOOGLE_API_KEY: z.string().min(1).optional(),
  GOOGLE_API_ROOT_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
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
  HISTORY_TTL: notBuiltYet,
  ROLE: z.literal('all', 'can only be "all"; other roles are not built yet').default('all'),
})

/** What the service runs by; durations are milliseconds, folders are paths. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly logLevel: string
  readonly statusDirectory: string
  readonly snapshotDirectory: string
  readonly statusTtlMs: number
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
  requireKeys(value)
  return {
    host: value.HOST,
    port: value.PORT,
    logLevel: value.LOG_LEVEL,
    statusDirectory: value.STORAGE_URL,
    snapshotDirectory: value.SNAPSHOT_URL,
    statusTtlMs: value.STATUS_TTL,
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
  }
}

/** Without keys whoever reaches the port reads every row, so only this machine may reach it. */
function requireKeys({ HOST, API_KEYS, INSECURE }: z.output<typeof settings>): void {
  const isLoopback = HOST === 'localhost' || HOST === '::1' || (isIPv4(HOST) && HOST.startsWith('127.'))
  if (API_KEYS.length > 0 || isLoopback || INSECURE === '1') return
  throw new ConfigError([
    'HOST may only be 127.0.0.1, ::1 or localhost while no API_KEYS are set: set API_KEYS (npm run api-key makes one), or INSECURE=1 if something else keeps strangers from this port',
  ])
}
