import { Resolver } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'

/** Milliseconds for one query to one name server, and how often it is sent. */
const QUERY = { timeout: 3000, tries: 2 } as const

/**
 * Looks names up by querying the name servers of the system directly. The system's own lookup would do so on the few threads
 * that the files and every other lookup of this process need too, and a receiver chooses how slow its name servers are.
 * What only this machine knows (its hosts file) is not found, and is nothing public.
 */
export function createDnsLookup(makeResolver = () => new Resolver(QUERY)): LookupFunction {
  return (hostname, options, callback) => {
    // A new resolver each time: the name servers of the system are read when it is made.
    resolve(makeResolver(), hostname).then(
      (found) => {
        const [first] = found
        if (options.all === true) callback(null, found)
        else callback(null, first?.address ?? '', first?.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
}

async function resolve(resolver: Resolver, hostname: string) {
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const found = answers.flatMap((answer, index) =>
    answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : [],
  )
  if (found.length > 0) return found
  const codes = answers.map((answer) => (answer.status === 'rejected' ? String(answer.reason?.code) : 'ENODATA'))
  const isAbsent = codes.every((code) => code === 'ENOTFOUND' || code === 'ENODATA')
  const code = isAbsent ? 'ENOTFOUND' : 'EAI_AGAIN'
  throw Object.assign(new Error(`${code}: ${codes.join(', ')}`), { code })
}
