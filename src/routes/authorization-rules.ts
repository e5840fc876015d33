import type { RouteOptions } from 'fastify'
import type { Scope } from '../syncs/caller.ts'

/** What an address requires of its caller where API keys are set: a key with a scope, or nothing. */
export type AccessRule = Scope | 'open'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set from the table for each route; a route that is no operation of its own may bring it. */
    access?: AccessRule
  }
}

/**
 * What each address requires. A route that is missing here stops the start, so that nothing new is open by mistake.
 */
const ACCESS_RULES: Readonly<Record<string, AccessRule>> = {
  'GET /livez': 'open',
  'GET /readyz': 'open',
  'GET /openapi.json': 'open',
  // Numbers about every key's syncs.
  'GET /metrics': 'admin',
  'POST /syncs': 'write',
  'GET /syncs': 'read',
  'GET /syncs/:id': 'read',
  'DELETE /syncs/:id': 'write',
  'POST /syncs/:id/cancel': 'write',
  'POST /syncs/:id/retry': 'write',
  'POST /syncs/:id/webhook/redeliver': 'write',
  'GET /syncs/:id/events': 'read',
  'GET /syncs/:id/files': 'read',
  'GET /syncs/:id/files/:name': 'read',
  'GET /spreadsheets/:spreadsheetId': 'read',
  'GET /spreadsheets/:spreadsheetId/tabs/:tab': 'read',
}

/** What a route requires of its caller. Throws for one without a rule. */
export function accessRuleOf({ method, url, config }: Pick<RouteOptions, 'method' | 'url' | 'config'>): AccessRule {
  if (config?.access !== undefined) return config.access
  // The page explains the interface, and holds nothing of anybody's.
  if (url === '/docs' || url.startsWith('/docs/')) return 'open'
  const verb = [method].flat()[0]
  // A browser sends a CORS preflight without any header of ours.
  if (verb === 'OPTIONS') return 'open'
  const operation = `${verb === 'HEAD' ? 'GET' : verb} ${url}`
  const rule = ACCESS_RULES[operation]
  if (rule === undefined) throw new TypeError(`${operation} has no rule in ACCESS_RULES: who may call it?`)
  return rule
}
