import { randomBytes, randomUUID } from 'node:crypto'

/** Seconds a token lives, as Google says it. */
const LIFETIME = 3599
/** Tokens remembered; the oldest is forgotten first. */
const KEPT = 1_000

/** Whom a token is for, and how far it goes. */
export interface Grant {
  readonly email: string
  /** The project whose quota its calls use. */
  readonly project: string
  /** Absent: every scope. */
  readonly scopes?: readonly string[] | undefined
  readonly lifetimeSeconds?: number | undefined
  /** The token itself, which Google may write in any form; absent: one is made. */
  readonly accessToken?: string | undefined
  /** Calls of Google's APIs until it ends, as if its time had run out; absent: no end. */
  readonly expiresAfterCalls?: number | undefined
}

export interface IssuedToken {
  readonly access_token: string
  readonly expires_in: number
}

/** Who calls, as a token tells that was issued here. */
export interface Caller extends Pick<Grant, 'email' | 'project' | 'scopes'> {
  readonly hasEnded: boolean
}

/** Access tokens that were issued here. */
export class AccessTokens {
  readonly #issued = new Map<string, Grant & { readonly until: number; callsLeft: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  issue(grant: Grant): IssuedToken {
    const { lifetimeSeconds = LIFETIME, expiresAfterCalls = Number.POSITIVE_INFINITY } = grant
    const { accessToken: token = `ya29.${randomUUID()}${randomBytes(24).toString('base64url')}` } = grant
    const email = grant.email.toLowerCase()
    this.#issued.set(token, {
      ...grant,
      email,
      until: this.#now() + lifetimeSeconds * 1000,
      callsLeft: expiresAfterCalls,
    })
    const [oldest] = this.#issued.keys()
    if (this.#issued.size > KEPT && oldest !== undefined) this.#issued.delete(oldest)
    return { access_token: token, expires_in: lifetimeSeconds }
  }

  /** Who comes with a token, and counts one call of it; `undefined` where it was not issued here. */
  use(token: string | undefined): Caller | undefined {
    const grant = token === undefined ? undefined : this.#issued.get(token)
    if (grant === undefined) return undefined
    const { email, project, scopes } = grant
    const hasEnded = grant.callsLeft <= 0 || grant.until <= this.#now()
    grant.callsLeft -= 1
    return { email, project, scopes, hasEnded }
  }

  /** Ends a token now. Throws a RangeError where it was not issued here. */
  expire(token: string): void {
    const grant = this.#issued.get(token)
    if (grant === undefined) throw new RangeError('the emulator has issued no such token')
    grant.callsLeft = 0
  }
}
