import type { IncomingMessage } from 'node:http'
import { AppError } from '../errors.ts'
import { hostNameOf, isLoopback } from '../host-name.ts'
import { clip } from './validation.ts'

/** The authority of a request target in absolute form. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i

/**
 * Knows for which hosts requests may be. A page whose name is pointed at this machine once it is loaded (DNS rebinding)
 * is of the same origin for its browser; the Host that it sends is all that gives it away.
 */
export class AllowedHosts {
  readonly #names: ReadonlySet<string>
  /** The latest Host that was found good; nearly every request has the same. */
  #latest: string | undefined

  /** `names`: as `hostNameOf` spells them, beside those of this machine itself. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names)
  }

  /** Why a request is refused, HOST_NOT_ALLOWED; `undefined` when its host is one of these. */
  refusal(request: IncomingMessage): AppError | undefined {
    const host = hostOf(request)
    if (host !== undefined && host === this.#latest) return undefined
    const name = hostNameOf(host ?? '')
    if (name !== undefined && (this.#names.has(name) || isLoopback(name))) {
      this.#latest = host
      return undefined
    }
    // RFC 9112, section 3.2: to be answered 400, whatever they say.
    if (host?.includes(',')) return new AppError('REQUEST_MALFORMED', 'The request has several Host headers.')
    const detail = host ? `The request is for the host ${clip(host)}.` : 'The request names no host.'
    return new AppError('HOST_NOT_ALLOWED', detail)
  }
}

/** Host and port that a request is for. A target in absolute form outranks the Host field (RFC 9112, section 3.2.2). */
export function hostOf({ url = '', headers }: IncomingMessage): string | undefined {
  // "/" begins a path, "*" is the target of an OPTIONS request for the whole server.
  return url.startsWith('/') || url === '*' ? headers.host : ABSOLUTE_FORM.exec(url)?.[1]
}
