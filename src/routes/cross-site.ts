import type { IncomingMessage } from 'node:http'
import { AppError } from '../errors.ts'
import { hostOf } from './allowed-hosts.ts'
import { clip } from './validation.ts'

export interface TrustedOrigins {
  /** Origins of other sites whose pages may call. */
  readonly corsOrigins: readonly string[]
  /** The origin at which browsers see this service. */
  readonly publicOrigin: string | undefined
}

/**
 * Why a request that a page of another site makes is refused, CROSS_SITE_REFUSED; `undefined` for all others. A browser
 * says by Fetch Metadata (W3C) whose page it is, an older one by Origin; what sends neither is no browser. The host of the
 * request must have been checked.
 */
export function crossSiteRefusal(request: IncomingMessage, trusted: TrustedOrigins): AppError | undefined {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (site === undefined && origin === undefined) return undefined
  if (site === 'same-origin' || site === 'none') return undefined
  if (origin !== undefined && trusted.corsOrigins.includes(origin)) return undefined
  if (site === undefined && (origin === trusted.publicOrigin || isOfHost(origin, hostOf(request)))) return undefined
  if (isLink(request)) return undefined
  const from = origin === undefined ? '' : `, ${clip(origin)}`
  return new AppError('CROSS_SITE_REFUSED', `The request comes from a page of another origin${from}.`)
}

/** Whether a page came from this host and port. Its scheme may be another one: what ends the TLS may stand in between. */
function isOfHost(origin: string | undefined, host: string | undefined): boolean {
  const page = URL.parse(origin ?? '')
  if (page === null || !/^https?:$/.test(page.protocol)) return false
  // The port that goes without saying is that of the page's scheme.
  return page.host === URL.parse(`${page.protocol}//${host}`)?.host
}

/** Whether somebody follows a link: the answer is shown to them, and the page with the link sees nothing of it. */
function isLink({ method, headers }: IncomingMessage): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && (method === 'GET' || method === 'HEAD')
}
