import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Azure's platform, in public space, reachable from every machine there. */
const AZURE_PLATFORM = '168.63.129.16'

/** Outside of it no address of IPv6 is public. Mapped, translated and compatible forms of IPv4 addresses lie there. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/** Whether machines of anybody may have this address: none of a special purpose (RFC 6890). False for what is no address. */
export function isPublicAddress(address: string): boolean {
  // Unlike ipaddr.js, Node takes no shortened, octal or hexadecimal forms.
  if (isIP(address) === 0 || address === AZURE_PLATFORM) return false
  const parsed = ipaddr.parse(address)
  return parsed.range() === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST))
}
