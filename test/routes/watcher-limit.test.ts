import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { WatcherLimit } from '../../src/routes/watcher-limit.ts'

/** A request whose connection says whether it was cut off. */
function aRequest() {
  const socket = {
    remoteAddress: '127.0.0.1',
    destroyed: false,
    destroy: () => Object.assign(socket, { destroyed: true }),
  }
  return { socket } as unknown as FastifyRequest & { readonly socket: { readonly destroyed: boolean } }
}

t.test('whose key is revoked is cut off, also when that happens before its place is taken', async (t) => {
  const revoked = new Set<FastifyRequest>()
  const watchers = new WatcherLimit({ connections: 20, isRevoked: (request) => revoked.has(request) })
  const [stays, goes, left, late] = [aRequest(), aRequest(), aRequest(), aRequest()]
  for (const request of [stays, goes]) watchers.take('key a', request)
  const leave = watchers.take('key a', left)
  leave?.()
  for (const request of [goes, left, late]) revoked.add(request)
  t.equal(goes.socket.destroyed, false)
  watchers.dropRevoked()
  watchers.take('key a', late)
  t.same(
    [stays, goes, left, late].map(({ socket }) => socket.destroyed),
    [false, true, false, true],
    'the connection of one that has left is busy with something else by now',
  )
})
