import { isIP } from 'node:net'
import { z } from 'zod'
import { type ApiKey, parseApiKeys } from './api-keys.ts'
import { folderOf } from './disk/file-url.ts'
import { hostNameOf } from './host-name.ts'
import { DURATION_PATTERN, durationMs } from './model/duration.ts'
import { parseTokenKey } from './tokens/token-keys.ts'

/** A duration, read as milliseconds. */
export const duration = z
  .string()
  .regex(DURATION_PATTERN, 'must be a duration such as 500ms, 30s, 5m, 2h or 30d')
  .transform((text) => durationMs(text) ?? Number.POSITIVE_INFINITY)
  .refine((ms) => Number.isFinite(ms), 'must be 36500d or less')

/** A duration, or `0` for none. */
export const durationOrNone = z
  .string()
  .transform((text) => (text === '0' ? '0ms' : text))
  .pipe(duration)

const BYTE_UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

/** A number of bytes such as `500MB` or `20GB`, in powers of ten as disks are sold. */
export const byteSize = z
  .string()
  .regex(/^\d{1,6}(?:KB|MB|GB|TB)$/, 'must be a number of bytes such as 500KB, 500MB, 20GB or 1TB')
  .transform((text) => Number.parseInt(text, 10) * (BYTE_UNITS[text.replace(/^\d+/, '')] ?? 1))

export const wholeNumber = (lowest: number, highest: number) =>
  z
    .string()
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= lowest && Number(text) <= highest,
      `must be a whole number from ${lowest} to ${highest}`,
    )
    .transform(Number)

/** `off` is read as undefined. */
export const wholeNumberOrOff = (lowest: number, highest: number) =>
  z.union(
    [z.literal('off').transform(() => undefined), wholeNumber(lowest, highest)],
    `must be off, or a whole number from ${lowest} to ${highest}`,
  )

export const text = z.string().min(1)

/** The path of a credential file. What is the content of one is refused here, where nothing of it is repeated. */
export const credentialPath = text
  .refine(
    (path) => !/^["']*\s*\{|[\r\n]|-----BEGIN/.test(path) && !isEncodedFile(path),
    'must be the path of a key file, and holds what belongs into one; save that as a file and name the file',
  )
  .refine(
    (path) => !/^(?:AIza|ya29\.)/.test(path),
    'must be the path of a key file; an API key belongs into GOOGLE_API_KEY',
  )

/** The path of a folder of key files. Other programs have the content of a key in a variable of this name. */
export const credentialFolder = text.refine(
  (path) => !/^["']*\s*\{|[\r\n]|-----BEGIN|^(?:AIza|ya29\.)/.test(path) && !isEncodedFile(path),
  'must be the path of a folder of key files, and holds what belongs into one; save that as a file NAME.json in a folder and name the folder',
)

/** Whether a text is base64 of JSON or PEM. */
function isEncodedFile(text: string): boolean {
  return (
    /^[\w+/-]{40,}={0,2}$/.test(text) && /^\s*(?:\{|-----BEGIN)/.test(Buffer.from(text, 'base64').toString('latin1'))
  )
}

/** An API key of Google's. */
export const googleApiKey = text.refine(
  (key) => /^[\w.~:+/=-]+$/.test(key) && !isEncodedFile(key),
  'must be one API key and nothing else; a key file is named by GOOGLE_APPLICATION_CREDENTIALS',
)

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })

/** Origins as browsers send them, separated by commas; `*` for any. */
export const origins = z
  .string()
  .transform((list) => list.split(',').flatMap((origin) => origin.trim() || []))
  .refine(
    (list) => list.every((origin) => origin === '*' || URL.parse(origin)?.origin === origin),
    'must be origins such as https://app.example.com, separated by commas, or *',
  )

/** Hosts as browsers send them, without a port, separated by commas. */
export const hosts = z
  .string()
  .transform((list) => list.split(',').flatMap((host) => host.trim() || []))
  .refine(
    (list) => list.every((host) => /^(?:\[.*\]|[^:]*)$/.test(host) && hostNameOf(host)),
    'must be hosts such as sheets.example.com or 192.168.1.5, without scheme and port, separated by commas',
  )
  .transform((list) => list.flatMap((host) => hostNameOf(host) ?? []))
  // Left out of the list it would leave an empty one, which with API keys means any host.
  .refine(
    (list) => !list.some(isEverywhere),
    'must be the hosts that clients name; 0.0.0.0 and [::] stand for all addresses, and are none',
  )

/** Whether a host as `hostNameOf` spells it is the address of all addresses, under which browsers reach this machine, too. */
export function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '[::]'
}

/** What a process takes from the rights of new files and folders, but not from its own user. */
export const fileModeMask = z
  .string()
  .regex(/^0?0[0-7]{2}$/, 'must be octal and begin with 0, such as 077, 027 or 002')
  .transform((text) => Number.parseInt(text, 8))
/** Ranges that have a name: this machine, its link, and private networks. */
const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal']

/**
 * Proxies that are believed, by address. Not `true`, nor a number of them: with either, whoever reaches the port itself
 * could claim any address.
 */
export const proxies = z
  .string()
  .transform((list) => list.split(',').flatMap((proxy) => proxy.trim() || []))
  .refine(
    (list) => list.every((proxy) => NAMED_RANGES.includes(proxy) || isAddress(proxy) || isCidr(proxy)),
    `must be addresses or CIDRs of proxies, or ${NAMED_RANGES.join(', ')}, separated by commas`,
  )

function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%')
}

function isCidr(text: string): boolean {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  // All addresses there are would be everybody.
  return isAddress(address) && Number(bits) >= 1 && Number(bits) <= (isIP(address) === 4 ? 32 : 128)
}

export const apiKeys = z
  .string()
  .optional()
  .transform((setting, context): readonly ApiKey[] => {
    if (setting === undefined) return []
    const { keys, faults } = parseApiKeys(setting)
    for (const message of faults) context.addIssue({ code: 'custom', message })
    return keys
  })

/** Domains of e-mail addresses, separated by commas; read in lower case. */
export const domains = z
  .string()
  .transform((list) => list.split(',').flatMap((domain) => domain.trim().toLowerCase() || []))
  .refine(
    (list) => list.every((domain) => /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(domain)),
    'must be domains such as example.com, separated by commas, without @ and *; subdomains are named one by one',
  )

/** Secrets as Standard Webhooks writes them; several while one takes the place of another. */
export const webhookSecrets = z
  .string()
  .transform((list) => list.split(/[\s,]+/).filter((secret) => secret !== ''))
  .refine(
    (secrets) => secrets.every((secret) => keyOf(secret) !== undefined),
    'must be whsec_ and the base64 of 24 to 64 random bytes; several are separated by spaces or commas',
  )
  .transform((secrets): readonly Buffer[] => secrets.flatMap((secret) => keyOf(secret) ?? []))

/** Keys that users' own tokens are sealed with, the first one first; several while one takes the place of another. */
export const tokenKeys = z
  .string()
  .transform((list) => list.split(/[\s,]+/).flatMap((key) => (key === '' ? [] : [parseTokenKey(key)])))
  .refine(
    (keys) => keys.every((key) => key !== undefined),
    'must be 32 random bytes in base64 or hex (openssl rand -base64 32 makes them); several are separated by commas',
  )
  .transform((keys): readonly Buffer[] => keys.flatMap((key) => key ?? []))

function keyOf(secret: string): Buffer | undefined {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  if (text === undefined) return undefined
  const key = Buffer.from(text, 'base64')
  const whole = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
  return whole && key.length >= 24 && key.length <= 64 ? key : undefined
}

/** Where snapshots land: `file:` and a folder, or `s3://bucket/prefix`; bucket names as Amazon allows them. */
export const snapshotUrl = z
  .string()
  .regex(
    /^(?:file:.+|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[A-Za-z0-9/_.-]*)?)$/,
    'must be file: and a folder, or s3://bucket/prefix',
  )
  .transform((url, context) => {
    if (url.startsWith('file:')) return { kind: 'file' as const, directory: directoryOf(url, context) }
    const [bucket = '', ...prefix] = url.slice('s3://'.length).split('/')
    return { kind: 's3' as const, bucket, prefix: prefix.filter((part) => part !== '').join('/') }
  })

/** Where syncs are recorded. */
export const storageUrl = z
  .string()
  .refine(
    (url) => /^file:.+/.test(url) || (/^(?:rediss?|postgres(?:ql)?):\/\/./.test(url) && URL.canParse(url)),
    'must begin with file:, redis://, rediss:// or postgres://',
  )
  .transform((url, context) => {
    if (url.startsWith('file:')) return { kind: 'file' as const, directory: directoryOf(url, context) }
    return { kind: url.startsWith('redis') ? ('redis' as const) : ('postgres' as const), url }
  })

/** A folder of this machine. */
export const folderUrl = z
  .string()
  .regex(/^file:.+/, 'must be file: and a folder')
  .transform(directoryOf)

function directoryOf(fileUrl: string, context: z.RefinementCtx): string {
  const setting = folderOf(fileUrl)
  if ('folder' in setting) return setting.folder
  context.addIssue({ code: 'custom', message: setting.fault })
  return z.NEVER
}
