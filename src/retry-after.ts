/**
 * Milliseconds to wait that a `Retry-After` header asks for, in seconds or as a date (RFC 9110, section 10.2.3); 0 for a
 * date that has passed, `undefined` for anything else.
 */
export function parseRetryAfter(header: unknown, now: Date): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime())
}
