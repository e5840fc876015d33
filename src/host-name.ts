import { isIPv4 } from 'node:net'

/** A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port (RFC 9110, section 7.2). */
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d*)?$/i

/**
 * The one spelling of a host as URLs have it: in lower case, addresses shortened, without port and final dot; `undefined`
 * for what is none, such as `user@host`.
 */
export function hostNameOf(host: string): string | undefined {
  return HOST.test(host) ? URL.parse(`http://${host}`)?.hostname.replace(/\.$/, '') : undefined
}

/** Whether only this machine is reached under this spelling of `hostNameOf`. */
export function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'))
}
