import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { SharedPlaces } from '../concurrency/shared-places.ts'
import type { Log } from '../ports/log.ts'
import { networkOf } from './client-network.ts'

/** Milliseconds between two log lines about connections that were refused. */
const LOG_INTERVAL_MS = 60_000

export interface OpenConnectionsOptions {
  /** Connections that may be open at a time; one network may hold half of them, two a third each, and so on. */
  readonly total: number
  /** Milliseconds after which a client that takes nothing of what waits for it is cut off; twice as many at the most. */
  readonly stallMs: number
  /** Milliseconds of silence that a connection may have otherwise. */
  readonly silenceMs: number
  readonly log: Log
}

/** The network of a connection, and how it gives its place back. */
interface Place {
  readonly network: string
  readonly giveBack: () => void
}

/**
 * The connections of this process. Once a network has all the places that it may, a new connection takes the place of its
 * oldest one that asks for nothing, and is closed if there is none.
 */
export class OpenConnections {
  readonly #options: OpenConnectionsOptions
  readonly #places: SharedPlaces
  /** By network, oldest first. */
  readonly #open = new Map<string, Map<Socket, Place>>()
  #checks: NodeJS.Timeout | undefined
  #refused = 0
  #loggedAt = Number.NEGATIVE_INFINITY

  constructor(options: OpenConnectionsOptions) {
    this.#options = options
    this.#places = new SharedPlaces(options)
  }

  /** Keeps a new connection, or closes it. */
  admit(socket: Socket): void {
    const network = networkOf(socket.remoteAddress)
    const giveBack = this.#places.take(network) ?? this.#takeOver(network)
    if (giveBack === undefined) {
      socket.destroy()
      this.#logRefusal(network)
      return
    }
    const place = { network, giveBack }
    const ofNetwork = this.#open.get(network) ?? new Map<Socket, Place>()
    this.#open.set(network, ofNetwork.set(socket, place))
    socket.once('close', () => {
      // Another connection may have taken its place over.
      if (this.#forget(socket, network)) giveBack()
    })
    this.#checks ??= setInterval(() => this.#cutStalled(), this.#options.stallMs / 4)
  }

  /** The place of an idle connection of the network; of any network's for one that has no connection yet. */
  #takeOver(network: string): (() => void) | undefined {
    const own = this.#open.get(network)
    const idle = firstIdle(own ?? this.#largest())
    if (idle === undefined) return undefined
    const [socket, place] = idle
    this.#forget(socket, place.network)
    socket.destroy()
    if (place.network === network) return place.giveBack
    place.giveBack()
    return this.#places.take(network)
  }

  #largest(): Map<Socket, Place> {
    let largest = new Map<Socket, Place>()
    for (const sockets of this.#open.values()) if (sockets.size > largest.size) largest = sockets
    return largest
  }

  /** Whether the connection was still known. */
  #forget(socket: Socket, network: string): boolean {
    const ofNetwork = this.#open.get(network)
    if (ofNetwork?.delete(socket) !== true) return false
    if (ofNetwork.size === 0) this.#open.delete(network)
    if (this.#open.size === 0) {
      clearInterval(this.#checks)
      this.#checks = undefined
    }
    return true
  }

  /**
   * Has Node time what a client does not take: its timer of a socket knows a slow reader from one that has stopped. It is
   * set here and not with each answer, as that would cost a poll more than the answer.
   */
  #cutStalled(): void {
    const { stallMs, silenceMs } = this.#options
    for (const sockets of this.#open.values()) {
      for (const socket of sockets.keys()) {
        const isWaiting = socket.writableLength > 0
        if (isWaiting && socket.timeout === silenceMs) socket.setTimeout(stallMs)
        else if (!isWaiting && socket.timeout === stallMs) socket.setTimeout(silenceMs)
      }
    }
  }

  #logRefusal(network: string): void {
    this.#refused += 1
    const now = performance.now()
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return
    const { total, log } = this.#options
    log.warn(
      { network, refused: this.#refused, total },
      'connections are closed at once, as their network holds its share of MAX_CONNECTIONS',
    )
    this.#loggedAt = now
    this.#refused = 0
  }
}

/** The response that a connection is being answered with, which Node hangs on its socket. */
export function responseUnderWay(socket: Socket): ServerResponse | undefined {
  return (socket as Socket & { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? undefined
}

/** The oldest connection that nothing was ever answered on, else the oldest that is between two requests. */
function firstIdle(sockets: Map<Socket, Place>): [Socket, Place] | undefined {
  let kept: [Socket, Place] | undefined
  for (const entry of sockets) {
    const [socket] = entry
    if (responseUnderWay(socket) !== undefined) continue
    if (socket.bytesWritten === 0) return entry
    kept ??= entry
  }
  return kept
}
