import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anS3Server } from '../../test/support/s3-server.ts'
import type { Endable } from '../../test/support/service.ts'

/** An S3 server, and how often each kind of request was made to it. */
export async function countedS3(t: Endable) {
  const { url } = await anS3Server(t)
  const target = new URL(url)
  const counts = new Map<string, number>()
  const proxy = createServer((incoming, outgoing) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '', url)
    const isOfBucket = pathname.split('/').filter(Boolean).length < 2
    const kind = isOfBucket && searchParams.has('list-type') ? 'LIST' : (incoming.method ?? '')
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    const { method, headers, url: path } = incoming
    const forwarded = request({ host: target.hostname, port: target.port, method, headers, path }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    counts: (): Record<string, number> => Object.fromEntries(counts),
  }
}
