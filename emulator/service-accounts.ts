import { createHash, createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto'

const DEMO = 'demo'
/** The project of the demo account, and of who names none. */
export const DEFAULT_PROJECT = 'sheetsync-demo'
/** Service accounts at most. */
const MOST = 100

/** The keys that this process has made, by e-mail: a pair takes a quarter of a second, and tests start many emulators. */
const KEY_PAIRS = new Map<string, { privateKey: KeyObject; publicKey: KeyObject }>()

/** What the administrators of domains let a service account do in the name of their users. */
export interface Delegation {
  readonly domains: readonly string[]
  /** Scopes that were granted; absent: every one. */
  readonly scopes?: readonly string[]
  /** Everybody who is there in those domains; absent: whoever is named. */
  readonly users?: readonly string[]
}

/** A service account of a project, whose key is made when it is first asked for. */
export class ServiceAccount {
  readonly email: string
  readonly #name: string
  readonly project: string
  readonly #clientId: string
  readonly #keyId: string
  #keys: { privateKey: KeyObject; publicKey: KeyObject } | undefined
  delegation: Delegation | undefined

  constructor(name: string, project: string) {
    this.#name = name
    this.project = project
    this.email = `${name}@${project}.iam.gserviceaccount.com`
    const isDemo = name === DEMO && project === DEFAULT_PROJECT
    this.#clientId = isDemo ? `1${'0'.repeat(20)}` : `1${stableDigits(`client ${this.email}`)}`
    this.#keyId = isDemo ? '0'.repeat(40) : createHash('sha1').update(this.email).digest('hex')
  }

  /** Whether a text names this account: its name, its e-mail, or its client id, which is what Google's console asks for. */
  isCalled(text: string): boolean {
    return [this.#name, this.email, this.#clientId].includes(text)
  }

  /** Its credentials file. */
  keyFile(tokenUrl: string): Record<string, string> {
    this.#keys ??= KEY_PAIRS.get(this.email) ?? generateKeyPairSync('rsa', { modulusLength: 2048 })
    KEY_PAIRS.set(this.email, this.#keys)
    return {
      type: 'service_account',
      project_id: this.project,
      private_key_id: this.#keyId,
      private_key: this.#keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      client_email: this.email,
      client_id: this.#clientId,
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: tokenUrl,
      auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
      universe_domain: 'googleapis.com',
    }
  }

  /** Whether the account's key made this signature. */
  hasSigned(text: string, signature: string): boolean {
    if (this.#keys === undefined) return false
    return createVerify('RSA-SHA256').update(text).verify(this.#keys.publicKey, signature, 'base64url')
  }
}

/** Every service account there is: the demo account, and those that somebody has asked for. */
export class ServiceAccounts {
  readonly #accounts = new Map<string, ServiceAccount>()

  constructor() {
    this.named(DEMO, DEFAULT_PROJECT)
  }

  /** The account of that name in that project, made where there is none. Throws a RangeError for a name that Google refuses. */
  named(name = DEMO, project = DEFAULT_PROJECT): ServiceAccount {
    for (const part of [name, project]) {
      if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(part)) throw new RangeError(`no name of an account or project: ${part}`)
    }
    const made = new ServiceAccount(name, project)
    const known = this.#accounts.get(made.email)
    if (known) return known
    if (this.#accounts.size >= MOST) throw new RangeError(`the emulator has ${MOST} service accounts at most`)
    this.#accounts.set(made.email, made)
    return made
  }

  withEmail(email: string): ServiceAccount | undefined {
    return this.#accounts.get(email)
  }

  /** Sets whose users an account may act as. Throws a RangeError where there is no such account. */
  delegate(account: string, delegation: Delegation): void {
    const found = [...this.#accounts.values()].find((candidate) => candidate.isCalled(account))
    if (!found) throw new RangeError(`the emulator has no service account ${account}`)
    found.delegation = delegation
  }
}

/** Twenty digits that are the same for a text at every time, as Google's ids of accounts are. */
export function stableDigits(text: string): string {
  return createHash('sha256').update(text).digest().readBigUInt64BE().toString().padStart(20, '0')
}
