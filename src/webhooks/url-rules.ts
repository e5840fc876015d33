import { isIP } from 'node:net'
import type { TextFault } from '../model/text-fault.ts'
import { isPublicAddress } from './public-address.ts'

/** Below this, ports belong to services (mail, SSH, databases) that a POST from here has no business with; 443 apart. */
const LOWEST_FREE_PORT = 1024

const HINT = 'Use an https URL on the public internet, such as https://app.example.com/hooks/sheetsync.'
const INSECURE_HINT = 'For development only, WEBHOOK_INSECURE=1 allows http and addresses that are not public.'

/**
 * Why nothing is sent to this URL, as far as its text shows; what its name resolves to is checked when it is called.
 * `insecure` allows http, any port, and addresses that are not public.
 */
export function faultOfUrl(text: string, { insecure }: { readonly insecure: boolean }): TextFault | undefined {
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
