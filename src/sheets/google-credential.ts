import { createPrivateKey } from 'node:crypto'
import { z } from 'zod'
import { isOutOfDescriptors } from '../disk/descriptors.ts'
import { readSmallFile, UnfitFile } from '../disk/small-file.ts'
import { AppError } from '../errors.ts'
import { rememberSecrets } from '../redaction.ts'
import { parseJson } from './parse-json.ts'

const optional = z.string().optional().catch(undefined)

const credential = z.looseObject({
  type: z.string(),
  client_email: optional,
  private_key: optional,
  token_uri: optional,
  client_id: optional,
  project_id: optional,
  quota_project_id: optional,
  /** The e-mail address of a person, where gcloud has written it down. */
  account: optional,
  service_account_impersonation_url: optional,
})
type Credential = z.output<typeof credential>

/** Where a file of another kind keeps its parts, such as an OAuth client that was downloaded in place of a key. */
const oauthClient = z.union([z.object({ installed: z.object() }), z.object({ web: z.object() })])

/** What a credentials file says, checked and ready for google-auth-library. */
export interface CredentialFile {
  readonly kind: 'service-account' | 'user' | 'other'
  /** The parsed file, its private key as PEM wants it. Secret. */
  readonly credentials: Readonly<Record<string, unknown>>
  /** Who is to be given access: a service account, the one that is impersonated, or a person; absent where the file names nobody. */
  readonly account: string | undefined
  /** `token_uri` of a service account, where its tokens come from; absent for other kinds. */
  readonly tokenUrl: URL | undefined
  /** By which an administrator knows a service account. */
  readonly clientId: string | undefined
  /** The project that its calls are charged to. */
  readonly project: string | undefined
}

/** Larger files hold no key. */
const BYTES_AT_MOST = 1_000_000

/** How the file of the settings is called in errors. */
const FILE_OF_SETTINGS = 'The file that GOOGLE_APPLICATION_CREDENTIALS names'

/**
 * Reads a credentials file, in UTF-8 or UTF-16, with or without a byte order mark. What is secret in it is redacted from
 * then on. Rejects with GOOGLE_CREDENTIAL_INVALID, which says what is wrong with it, calls it by `subject`, and repeats
 * neither the content nor the path, as that may be a secret put in the wrong place.
 */
export async function readCredentialFile(path: string, subject = FILE_OF_SETTINGS): Promise<CredentialFile> {
  const invalid: Invalid = (what, hint) => invalidFile(subject, what, hint)
  const bytes = await readSmallFile(path, BYTES_AT_MOST).catch((error: NodeJS.ErrnoException) => {
    if (isOutOfDescriptors(error)) throw error
    throw invalid(error instanceof UnfitFile ? error.message : `cannot be read (${error.code ?? 'unknown error'})`)
  })
  return parseCredentialFile(bytes, invalid)
}

/** Makes the error that says what is wrong with a file. */
type Invalid = (what: string, hint?: string) => AppError

function parseCredentialFile(bytes: Uint8Array, invalid: Invalid): CredentialFile {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  // A TextDecoder drops the byte order mark, on which JSON.parse would fail.
  const json = parseJson(new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes))
  if (json === undefined) throw invalid('is no JSON')
  if (oauthClient.safeParse(json).success) {
    throw invalid(
      'is an OAuth client, which signs nobody in by itself',
      'Create a service account in the Google Cloud console, and a JSON key for it.',
    )
  }
  const { success, data } = credential.safeParse(json)
  if (!success) throw invalid('is no Google credential: it has no "type"')
  rememberSecrets(secretsIn(data))
  const { type, client_id = '', project_id, quota_project_id } = data
  // As Google's clients do, which send it along with each call. Both are shown, so they must be what they are called.
  const project = [quota_project_id, project_id].find((id) => id !== undefined && /^[a-z0-9.:-]{1,100}$/.test(id))
  const common = { account: accountOf(data), project }
  if (type !== 'service_account') {
    const kind = type.endsWith('authorized_user') ? 'user' : 'other'
    return { ...common, kind, credentials: data, tokenUrl: undefined, clientId: undefined }
  }
  if (data.client_email === undefined || data.private_key === undefined) {
    throw invalid(`has no "${data.client_email === undefined ? 'client_email' : 'private_key'}"`)
  }
  return {
    ...common,
    kind: 'service-account',
    credentials: { ...data, private_key: checkedPrivateKey(data.private_key, invalid) },
    tokenUrl: data.token_uri === undefined ? undefined : parseUrl(data.token_uri, invalid),
    clientId: /^\d{1,40}$/.test(client_id) ? client_id : undefined,
  }
}

function accountOf({ client_email, account, service_account_impersonation_url: url = '' }: Credential) {
  const impersonated = /\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(url)?.[1]
  return [impersonated, client_email, account].find((one) => one !== undefined && /^[^\s@]+@[^\s@]+$/.test(one))
}

/** Every text in the file whose name says that it is secret, however deep: an impersonation holds another credential. */
function secretsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) =>
    typeof part === 'string' && /^(?:private_key|client_secret|refresh_token|access_token)$/.test(name)
      ? [part]
      : secretsIn(part),
  )
}

/** The key as PEM; shells and YAML leave its line breaks behind as a backslash and an n. */
function checkedPrivateKey(text: string, invalid: Invalid): string {
  const key = text.replaceAll('\\r', '').replaceAll('\\n', '\n')
  try {
    createPrivateKey(key)
    return key
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw invalid(`has a "private_key" that is no private key in PEM, or not all of one`)
  }
}

function parseUrl(text: string, invalid: Invalid): URL {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw invalid('has a "token_uri" that is no http or https URL')
}

/** What is wrong with a credentials file. */
export function invalidFile(subject: string, what: string, hint?: string): AppError {
  const file = `${subject.charAt(0).toLowerCase()}${subject.slice(1)}`
  return new AppError('GOOGLE_CREDENTIAL_INVALID', `${subject} ${what}.`, {
    hint: hint ?? `Check ${file}; a new JSON key mends one that is damaged.`,
  })
}
