import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'

/** Requests of one connection that may wait for the answers before theirs: more than any client in use sends ahead. */
const WAITING_AT_MOST = 15

/**
 * Handles the requests of a connection one after the other: none before the answers before it are handed to the system
 * (RFC 9112, section 9.3.2, has them answered in order, and Node hands on all that a read holds at once). While one waits
 * no more are read; a connection that has sent too many all the same is closed, and its client may send again what was
 * not answered.
 */
export function answerInTurn(handle: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, { count: number }>()

  function countOf(socket: Socket): { count: number } {
    const known = waiting.get(socket)
    if (known !== undefined) return known
    const made = { count: 0 }
    waiting.set(socket, made)
    // Node has the socket read on at the end of each request, and whenever a body is asked for.
    socket.on('resume', () => {
      if (made.count > 0) socket.pause()
    })
    return made
  }

  return (request, response) => {
    // Node gives the socket to the response whose turn it is. Every poll passes here.
    if (response.socket !== null) {
      handle(request, response)
      return
    }
    const { socket } = request
    const behind = countOf(socket)
    behind.count += 1
    if (behind.count > WAITING_AT_MOST) {
      socket.destroy()
      return
    }
    socket.pause()
    // Emitted before Node writes what the response has buffered, so it is handled a tick later.
    response.once('socket', () => process.nextTick(takeTurn))
    function takeTurn(): void {
      behind.count -= 1
      if (behind.count === 0) socket.resume()
      if (!socket.destroyed) handle(request, response)
    }
  }
}
