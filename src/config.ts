import { z } from 'zod'

/** How long PostgreSQL keeps finished syncs unless HISTORY_TTL says otherwise: 30 days. */
const DEFAULT_HISTORY_MS = 30 * 86_400_000

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const durationText = z.string().regex(/^\d{1,9}(?:ms|s|m|h|d)$/, 'must be a duration such as 500ms, 30s, 5m, 2h or 30d')

const toMilliseconds = (text: string) => Number.parseInt(text, 10) * (UNITS[text.replace(/^\d+/, '')] ?? 1)

const duration = (fallback: string) => durationText.default(fallback).transform(toMilliseconds)

const wholeNumber = (fallback: number, lowest: number, highest: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${lowest} to ${highest}`)
    .default(String(fallback))
    .transform(Number)
    .refine((number) => number >= lowest && number <= highest, `must be a whole number from ${lowest} to ${highest}`)

const fileUrl = (fallback: string) =>
  z
    .string()
    .regex(/^file:.+/, 'must begin with file: (other drivers are not built yet)')
    .default(fallback)
    .transform((url) => url.replace(/^file:(?:\/\/)?/, ''))

/** Where syncs are recorded. */
export type StorageConfig =
  | { readonly kind: 'file'; readonly directory: string }
  | { readonly kind: 'redis' | 'postgres'; readonly url: string }

const storageUrl = (fallback: string) =>
  z
    .string()
    .refine(
      (url) => /^file:.+/.test(url) || (/^(?:rediss?|postgres(?:ql)?):\/\/./.test(url) && URL.canParse(url)),
      'must begin with file:, redis://, rediss:// or postgres://',
    )
    .default(fallback)
    .transform((url): StorageConfig => {
      if (url.startsWith('file:')) return { kind: 'file', directory: url.replace(/^file:(?:\/\/)?/, '') }
      return { kind: url.startsWith('redis') ? 'redis' : 'postgres', url }
    })

const notBuiltYet = z.undefined('is not built yet; unset it, so that nobody relies on it').optional()

/** Every setting, once: its name in the environment, its default, what it may be. */
const settings = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(3000, 0, 65_535),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  STORAGE_URL: storageUrl('file:data/sync-status'),
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
  API_KEYS: notBuiltYet,
  RATE_LIMIT: notBuiltYet,
  HISTORY_TTL: durationText.transform(toMilliseconds).optional(),
  ROLE: z.enum(['all', 'api', 'worker'], 'must be all, api or worker').default('all'),
})

/** What the service runs by; durations are milliseconds, folders are paths. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly logLevel: string
  readonly storage: StorageConfig
  readonly snapshotDirectory: string
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
  const contradictions = contradictionsIn(value)
  if (contradictions.length > 0) throw new ConfigError(contradictions)
  return {
    host: value.HOST,
    port: value.PORT,
    logLevel: value.LOG_LEVEL,
    storage: value.STORAGE_URL,
    role: value.ROLE,
    snapshotDirectory: value.SNAPSHOT_URL,
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
  }
}

/** Settings that are fine each by itself, and not together. */
function contradictionsIn({ STORAGE_URL, ROLE, HISTORY_TTL }: z.output<typeof settings>): string[] {
  const { kind } = STORAGE_URL
  return [
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
