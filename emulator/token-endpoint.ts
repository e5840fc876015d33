import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { AccessTokens, Grant } from './access-tokens.ts'
import { type Answer, json } from './answer.ts'
import { DEFAULT_PROJECT, type ServiceAccount, type ServiceAccounts } from './service-accounts.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Whose refresh token it is, where the token does not tell. */
const DEFAULT_USER = 'demo-user@example.com'
const CLAIMS = z.object({ iss: z.string(), sub: z.string().optional(), scope: z.string().optional() })

/** A refusal of OAuth (RFC 6749, section 5.2). */
interface Refusal {
  readonly status: number
  readonly error: string
  readonly error_description: string
}

const invalidGrant = (error_description: string): Refusal => ({
  status: 400,
  error: 'invalid_grant',
  error_description,
})

/**
 * Google's answer to an account that may not act as that user, or not with each of those scopes (Google, "Using OAuth 2.0
 * for Server to Server Applications", error codes; the status as in github.com/hlavki/g-suite-identity-sync#7).
 */
const NOT_DELEGATED: Refusal = {
  status: 401,
  error: 'unauthorized_client',
  error_description:
    'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the ' +
    'scopes requested.',
}

/** Google's OAuth 2.0 token endpoint, for service accounts (RFC 7523) and refresh tokens (RFC 6749, section 6). */
export class TokenEndpoint {
  readonly #accounts: ServiceAccounts
  readonly #tokens: AccessTokens

  constructor(accounts: ServiceAccounts, tokens: AccessTokens) {
    this.#accounts = accounts
    this.#tokens = tokens
  }

  /** Answers a grant, or the error that Google gives for a bad one. */
  grant(form: URLSearchParams): Answer {
    const granted = this.#granted(form)
    if ('error' in granted) {
      const { status, ...body } = granted
      return json(status, body)
    }
    const answer = json(200, { ...this.#tokens.issue(granted), token_type: 'Bearer' })
    return { ...answer, account: granted.email }
  }

  #granted(form: URLSearchParams): Grant | Refusal {
    const type = form.get('grant_type')
    if (type === 'refresh_token') {
      const token = form.get('refresh_token')
      return token ? { email: userOf(token), project: DEFAULT_PROJECT } : invalidGrant('Bad Request')
    }
    if (type !== JWT_BEARER) {
      const error_description = `Invalid grant_type: ${type ?? ''}`
      return { status: 400, error: 'unsupported_grant_type', error_description }
    }
    const [head = '', text = '', signature = ''] = (form.get('assertion') ?? '').split('.')
    const claims = claimsOf(text)
    const account = claims && this.#accounts.withEmail(claims.iss)
    if (!account) return invalidGrant('Invalid grant: account not found')
    if (!account.hasSigned(`${head}.${text}`, signature)) return invalidGrant('Invalid JWT Signature.')
    const scopes = claims.scope?.split(' ').filter((scope) => scope !== '')
    const { sub = account.email } = claims
    const refusal = sub === account.email ? undefined : refusalOf(account, sub.toLowerCase(), scopes ?? [])
    return refusal ?? { email: sub, project: account.project, scopes }
  }
}

/** Why an account may not act as a user with those scopes. */
function refusalOf({ delegation }: ServiceAccount, user: string, scopes: readonly string[]): Refusal | undefined {
  const [, domain] = /^[^@\s]+@([^@\s]+)$/.exec(user) ?? []
  if (domain === undefined) return invalidGrant('Invalid email or User ID')
  if (!delegation?.domains.some((allowed) => allowed.toLowerCase() === domain)) return NOT_DELEGATED
  const isThere = delegation.users?.some((known) => known.toLowerCase() === user) ?? true
  if (!isThere) return invalidGrant('Invalid email or User ID')
  return scopes.every((scope) => delegation.scopes?.includes(scope) ?? true) ? undefined : NOT_DELEGATED
}

function claimsOf(text: string): z.output<typeof CLAIMS> | undefined {
  try {
    return CLAIMS.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))).data
  } catch {
    return undefined
  }
}

/** The user that a refresh token of {@link userCredentials} names; any other text is one of the demo user. */
function userOf(refreshToken: string): string {
  const [, user] = /^1\/\/([\w-]+)\.[\w-]+$/.exec(refreshToken) ?? []
  return user === undefined ? DEFAULT_USER : Buffer.from(user, 'base64url').toString('utf8')
}

/**
 * A credentials file with a refresh token, of the one type whose token endpoint Google's Node library takes from the
 * file: for service accounts it always asks oauth2.googleapis.com, whatever `token_uri` says.
 */
export function userCredentials(tokenUrl: string, email = DEFAULT_USER): Record<string, string> {
  return {
    type: 'external_account_authorized_user',
    audience: '//iam.googleapis.com/locations/global/workforcePools/sheetsync/providers/emulator',
    client_id: 'sheetsync-demo',
    client_secret: 'demo',
    refresh_token: `1//${Buffer.from(email).toString('base64url')}.${randomUUID()}`,
    token_url: tokenUrl,
    token_info_url: `${tokenUrl}info`,
    universe_domain: 'googleapis.com',
  }
}
