import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { failEachCallOfMove } from '../snapshots/moved-draft-fault-suite.ts'
import { anS3Store } from '../snapshots/s3-stores.ts'
import { anS3Server } from '../support/s3-server.ts'

for (const afterEffect of [false, true]) {
  const when = afterEffect ? 'its answer is lost' : 'it arrives'
  t.test(`whichever request the S3 server is gone at, when ${when}, one sync has the draft whole`, async (t) => {
    const server = await anS3Server(t)
    let [left, failed] = [Number.POSITIVE_INFINITY, false]
    const proxy = createServer(async (incoming, outgoing) => {
      left -= 1
      if (left < 0) failed = true
      if (left < 0 && (!afterEffect || left < -1)) return void incoming.socket.destroy()
      const { method = 'GET', url, headers } = incoming
      const forwarded = request(`${server.url}${url}`, { method, headers })
      forwarded.on('response', (answer) => {
        if (left < 0) return void incoming.socket.destroy()
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      })
      forwarded.end(await buffer(incoming))
    })
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening))
    t.teardown(() => new Promise((closed) => proxy.close(closed)))
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const prefix = newSyncId()
    const stores = {
      healthy: await anS3Store(t, server.url, { prefix }),
      faulty: await anS3Store(t, proxyUrl, { prefix }),
      fail: (nth = Number.POSITIVE_INFINITY) => {
        left = nth - 1
        failed = false
      },
      hasFailed: () => failed,
    }
    await failEachCallOfMove(t, stores, 8)
  })
}
