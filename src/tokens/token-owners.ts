import { LRUCache } from 'lru-cache'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { digestOf, type TokenKeys } from './token-keys.ts'

/** Milliseconds for which Google's answer is believed, and tokens whose answer is kept. */
const KNOWN_MS = 5 * 60_000
const KNOWN_AT_MOST = 10_000

/** Milliseconds for which a token that Google has refused is not asked about again. */
const REFUSED_MS = 10_000

/** Questions to Google at a time. */
const ASKED_AT_MOST = 64

/**
 * Asks Google whose a token is: resolves to the person's `permissionId`, or to `undefined` where the token may not ask.
 * Rejects with GOOGLE_TOKEN_EXPIRED for one that Google does not take, and within seconds where there is no answer.
 */
export type AskOwner = (token: string) => Promise<string | undefined>

export interface TokenOwnersOptions {
  readonly keys: TokenKeys
  readonly ask: AskOwner
  readonly clock: Clock
}

/**
 * Whose the tokens are that requests bear, by Google's word: each is asked about once, and its answer kept for a while,
 * beside a digest of the token and never beside the token itself.
 */
export class TokenOwners {
  readonly #options: TokenOwnersOptions
  readonly #known: LRUCache<string, readonly string[] | AppError>
  readonly #asking = new Map<string, Promise<readonly string[]>>()

  constructor(options: TokenOwnersOptions) {
    this.#options = options
    const { clock } = options
    // What begins at 0 has no time to live.
    this.#known = new LRUCache({
      max: KNOWN_AT_MOST,
      ttl: KNOWN_MS,
      ttlResolution: 0,
      perf: { now: () => 1 + clock.monotonic() },
    })
  }

  /** The identities of a token's owner, as `Caller.identities`, where they are known; throws what Google has refused it with. */
  peek(token: string): readonly string[] | undefined {
    return this.#peek(digestOf(token))
  }

  /** The same, asking Google if need be. Rejects as `AskOwner`, and with RATE_LIMITED while too many are asked about. */
  async find(token: string): Promise<readonly string[]> {
    const digest = digestOf(token)
    const known = this.#peek(digest)
    if (known !== undefined) return known
    const underWay = this.#asking.get(digest)
    if (underWay !== undefined) return underWay
    if (this.#asking.size >= ASKED_AT_MOST) {
      const detail = `Google is being asked whose ${ASKED_AT_MOST} other tokens are.`
      throw new AppError('RATE_LIMITED', detail, { retryAfterSeconds: 1 })
    }
    const asking = this.#ask(token, digest).finally(() => this.#asking.delete(digest))
    this.#asking.set(digest, asking)
    return asking
  }

  #peek(digest: string): readonly string[] | undefined {
    const known = this.#known.get(digest)
    if (known instanceof AppError) throw known
    return known
  }

  async #ask(token: string, digest: string): Promise<readonly string[]> {
    const { keys, ask } = this.#options
    try {
      const permissionId = await ask(token)
      const identities =
        permissionId === undefined ? keys.identitiesOfToken(token) : keys.identitiesOfPerson(permissionId)
      this.#known.set(digest, identities)
      return identities
    } catch (error) {
      if (error instanceof AppError && error.code === 'GOOGLE_TOKEN_EXPIRED') {
        this.#known.set(digest, error, { ttl: REFUSED_MS })
      }
      throw error
    }
  }
}
