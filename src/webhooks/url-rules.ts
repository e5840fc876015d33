import { BlockList, isIP } from 'node:net'
import type { TextFault } from '../model/text-fault.ts'

/** Below this, ports belong to services (mail, SSH, databases) that a POST from here has no business with; 443 apart. */
const LOWEST_FREE_PORT = 1024

const HINT = 'Use an https URL on the public internet, such as https://app.example.com/hooks/sheetsync.'
const INSECURE_HINT = 'For development only, WEBHOOK_INSECURE=1 allows http and addresses that are not public.'

/** Special-purpose addresses (RFC 6890 and the IANA registries it began), and what clouds serve their own machines at. */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  // Azure's platform, in public space, reachable from every machine there.
  ['168.63.129.16', 32],
]
/** Within 2000::/3, outside of which no address is public: ranges for tests, tunnels and documents. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const special = new BlockList()
for (const [address, prefix] of SPECIAL_IPV4) special.addSubnet(address, prefix, 'ipv4')
for (const [address, prefix] of SPECIAL_IPV6) special.addSubnet(address, prefix, 'ipv6')
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')

/** Whether machines of anybody may have this address; false for what is no address. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.check(address, 'ipv4')
    case 6:
      // Mapped, translated and compatible forms of IPv4 addresses lie outside 2000::/3.
      return globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
    default:
      return false
  }
}

export interface UrlRules {
  /** Whether http, any port, and addresses that are not public are allowed. */
  readonly insecure: boolean
}

/** Why nothing is sent to this URL, as far as its text tells; what its name resolves to is checked when it is called. */
export function faultOfUrl(text: string, { insecure }: UrlRules): TextFault | undefined {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return { message: 'is not an https URL', hint: HINT }
  if (url.username !== '' || url.password !== '') return { message: 'holds a user name or a password', hint: HINT }
  if (insecure) return undefined
  if (url.protocol !== 'https:') return { message: 'is not an https URL', hint: `${HINT} ${INSECURE_HINT}` }
  if (url.port !== '' && Number(url.port) < LOWEST_FREE_PORT) {
    return { message: `has port ${url.port}; 443 and those from ${LOWEST_FREE_PORT} on are allowed`, hint: HINT }
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 ? !isPublicAddress(host) : /(?:^|\.)localhost\.?$/.test(host)) {
    return { message: 'has an address that is not public', hint: `${HINT} ${INSECURE_HINT}` }
  }
  return undefined
}
