import type { FastifyRequest } from 'fastify'
import { SharedPlaces } from '../concurrency/shared-places.ts'
import { networkOf } from './client-network.ts'

interface WatcherLimitOptions {
  /** Connections that may be open at a time; half of them may be streams and waits. */
  readonly connections: number
  /** Of one owner; default: as many as the others leave. */
  readonly perOwner?: number | undefined
}

/**
 * Limits the event streams and waits of each owner, which is an API key or an address, and of each network that
 * connections come from: that of a proxy, or of many keys, may hold half of all connections, and were all of those
 * streams, no request would come through beside them.
 */
export class WatcherLimit {
  readonly #byOwner: SharedPlaces
  readonly #byNetwork: SharedPlaces

  constructor({ connections, perOwner }: WatcherLimitOptions) {
    const total = Math.floor(connections / 2)
    this.#byOwner = new SharedPlaces({ total, ...(perOwner !== undefined && { perOwner }) })
    this.#byNetwork = new SharedPlaces({ total })
  }

  /** Takes a place; `undefined` when there is none. What comes back gives it back, and may be called again. */
  take(owner: string, { socket }: Pick<FastifyRequest, 'socket'>): (() => void) | undefined {
    const leaveNetwork = this.#byNetwork.take(networkOf(socket.remoteAddress))
    if (leaveNetwork === undefined) return undefined
    const leaveOwner = this.#byOwner.take(owner)
    if (leaveOwner === undefined) {
      leaveNetwork()
      return undefined
    }
    return () => {
      leaveOwner()
      leaveNetwork()
    }
  }
}
