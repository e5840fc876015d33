import type { FastifyRequest } from 'fastify'
import { SharedPlaces } from '../concurrency/shared-places.ts'
import { networkOf } from './client-network.ts'

interface WatcherLimitOptions {
  /** Connections that may be open at a time; half of them may be streams and waits. */
  readonly connections: number
  /** Of one owner; default: as many as the others leave. */
  readonly perOwner?: number | undefined
  /** Whether the key of a request is none any more; default: never. */
  readonly isRevoked?: (request: FastifyRequest) => boolean
}

/**
 * Limits the event streams and waits of each owner, which is an API key or an address, and of each network that
 * connections come from: that of a proxy, or of many keys, may hold half of all connections, and were all of those
 * streams, no request would come through beside them.
 */
export class WatcherLimit {
  readonly #byOwner: SharedPlaces
  readonly #byNetwork: SharedPlaces
  readonly #isRevoked: (request: FastifyRequest) => boolean
  readonly #watching = new Set<FastifyRequest>()

  constructor({ connections, perOwner, isRevoked = () => false }: WatcherLimitOptions) {
    this.#isRevoked = isRevoked
    const total = Math.floor(connections / 2)
    this.#byOwner = new SharedPlaces({ total, ...(perOwner !== undefined && { perOwner }) })
    this.#byNetwork = new SharedPlaces({ total })
  }

  /** Takes a place; `undefined` when there is none. What comes back gives it back, and may be called again. */
  take(owner: string, request: FastifyRequest): (() => void) | undefined {
    const leaveNetwork = this.#byNetwork.take(networkOf(request.socket.remoteAddress))
    if (leaveNetwork === undefined) return undefined
    const leaveOwner = this.#byOwner.take(owner)
    if (leaveOwner === undefined) {
      leaveNetwork()
      return undefined
    }
    this.#watching.add(request)
    this.#dropIfRevoked(request)
    return () => {
      this.#watching.delete(request)
      leaveOwner()
      leaveNetwork()
    }
  }

  /** Cuts off the streams and waits of keys that are none any more. Who comes back is told so. */
  dropRevoked(): void {
    for (const request of this.#watching) this.#dropIfRevoked(request)
  }

  #dropIfRevoked(request: FastifyRequest): void {
    if (this.#isRevoked(request)) request.socket.destroy()
  }
}
