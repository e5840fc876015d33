import { createVerify, generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto'
import { type Answer, json } from './answer.ts'

const CLIENT_EMAIL = 'demo@sheetsync-demo.iam.gserviceaccount.com'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Seconds a token lives, as Google says it. */
const LIFETIME = 3599
/** Tokens remembered; the oldest is forgotten first. */
const KEPT = 1_000

/** Google's OAuth 2.0 token endpoint, for service accounts (RFC 7523) and refresh tokens (RFC 6749, section 6). */
export class Tokens {
  readonly #issued = new Map<string, number>()
  readonly #now: () => number
  #key: { privateKey: KeyObject; publicKey: KeyObject } | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /** A credentials file whose key is made at the first call and is good at this endpoint only. */
  serviceAccountKey(tokenUrl: string): Record<string, string> {
    const { privateKey } = this.#keys()
    return {
      type: 'service_account',
      project_id: 'sheetsync-demo',
      private_key_id: '0'.repeat(40),
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      client_email: CLIENT_EMAIL,
      client_id: '100000000000000000000',
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: tokenUrl,
      auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
      universe_domain: 'googleapis.com',
    }
  }

  /**
   * A credentials file with a refresh token, of the one type whose token endpoint Google's Node library takes from the
   * file: for service accounts it always asks oauth2.googleapis.com, whatever `token_uri` says.
   */
  userCredentials(tokenUrl: string): Record<string, string> {
    return {
      type: 'external_account_authorized_user',
      audience: '//iam.googleapis.com/locations/global/workforcePools/sheetsync/providers/emulator',
      client_id: 'sheetsync-demo',
      client_secret: 'demo',
      refresh_token: randomUUID(),
      token_url: tokenUrl,
      token_info_url: `${tokenUrl}info`,
      universe_domain: 'googleapis.com',
    }
  }

  /** Whether a bearer token was issued here and lives. */
  valid(token: string): boolean {
    const until = this.#issued.get(token)
    return until !== undefined && until > this.#now()
  }

  /** Answers a grant, or the error that Google gives for a bad one. */
  grant(form: URLSearchParams): Answer {
    const type = form.get('grant_type')
    const invalid = (description: string) => json(400, { error: 'invalid_grant', error_description: description })
    if (type === 'refresh_token') return form.get('refresh_token') ? this.#issue() : invalid('Bad Request')
    if (type !== JWT_BEARER) {
      return json(400, { error: 'unsupported_grant_type', error_description: `Invalid grant_type: ${type ?? ''}` })
    }
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
    if (!issuedBy(claims)) return invalid('Invalid grant: account not found')
    const signed = createVerify('RSA-SHA256').update(`${head}.${claims}`)
    const good = this.#key !== undefined && signed.verify(this.#key.publicKey, signature, 'base64url')
    return good ? this.#issue() : invalid('Invalid JWT Signature.')
  }

  #issue(): Answer {
    const token = `ya29.${randomUUID()}${randomBytes(24).toString('base64url')}`
    this.#issued.set(token, this.#now() + LIFETIME * 1000)
    const [oldest] = this.#issued.keys()
    if (this.#issued.size > KEPT && oldest !== undefined) this.#issued.delete(oldest)
    return json(200, { access_token: token, expires_in: LIFETIME, token_type: 'Bearer' })
  }

  #keys(): { privateKey: KeyObject; publicKey: KeyObject } {
    this.#key ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
    return this.#key
  }
}

/** Whether a JWT's claims name the emulator's service account. */
function issuedBy(claims: string): boolean {
  try {
    return JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')).iss === CLIENT_EMAIL
  } catch {
    return false
  }
}
