import type { FastifyInstance } from 'fastify'
import { AllowedHosts } from './allowed-hosts.ts'
import { crossSiteRefusal, type TrustedOrigins } from './cross-site.ts'

/** Addresses that are answered under any host and to any site: probes and Prometheus know a process by its address alone. */
export const PROBES: ReadonlySet<string | undefined> = new Set(['/livez', '/readyz', '/metrics'])

export interface ForeignRequestOptions extends TrustedOrigins {
  /** Whether everybody who reaches the service may do everything. */
  readonly isKeyless: boolean
  /** Hosts that requests may be for, beside those of this machine itself. */
  readonly allowedHosts: readonly string[]
}

/**
 * Refuses what pages of other sites have a browser send here: under a host that is not ours, and, as far as no API keys
 * are set, across sites. A key is sent by no browser by itself, so a foreign page has none; with keys only the hosts are
 * checked, and only where some are named. To be called before everything else that answers.
 */
export function refuseForeignRequests(app: FastifyInstance, options: ForeignRequestOptions): void {
  const { isKeyless, allowedHosts } = options
  if (!isKeyless && allowedHosts.length === 0) return
  const hosts = new AllowedHosts(allowedHosts)
  // Every poll passes here: nothing is looked up that a good request can do without.
  app.addHook('onRequest', (request, _reply, done) => {
    const { raw } = request
    const refusal = hosts.refusal(raw) ?? (isKeyless ? crossSiteRefusal(raw, options) : undefined)
    if (refusal === undefined || PROBES.has(request.routeOptions.url)) done()
    else done(refusal)
  })
}
