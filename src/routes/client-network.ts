import ipaddr from 'ipaddr.js'

/** Bytes of an IPv6 address that name the network of one customer: the other half is the customer's own to choose. */
const NETWORK_BYTES = 8

/**
 * What the requests of an address are counted for: itself with IPv4, its /64 with IPv6 (RFC 6177: whoever has one address
 * has at least so many). An IPv4 address is the same however it is written. What is no address, as a proxy may claim, or
 * as there is none once the connection is closed, counts together.
 */
export function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const bytes = parsed.toByteArray().fill(0, NETWORK_BYTES)
  return `${ipaddr.fromByteArray(bytes).toString()}/64`
}
