/** Longer than any id or tab title percent-encoded, so that a field at fault is named instead of "no such address". */
const PARAM_LIMIT_CHARACTERS = 16 * 1024
/** Milliseconds a connection may be idle between two requests: longer than the load balancers in use keep theirs. */
const KEEP_ALIVE_MS = 72_000

export interface ConnectionLimits {
  /** Milliseconds in which a whole request must be there; default 30 s. */
  readonly requestTimeoutMs?: number
  /**
   * Milliseconds without a byte in either direction after which a connection is cut; default 2 minutes, which is longer
   * than any wait that is offered, and than any silence of an event stream.
   */
  readonly silenceMs?: number
}

/** How much a client may send, and how long it may take: who sends a byte now and then must not hold a connection for ever. */
export function connectionLimits({ requestTimeoutMs = 30_000, silenceMs = 120_000 }: ConnectionLimits) {
  return {
    bodyLimit: 64 * 1024,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: silenceMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      /** Path, query and headers together, as Node counts them. */
      maxHeaderSize: 16 * 1024,
      headersTimeout: Math.min(10_000, requestTimeoutMs),
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs / 4),
      /** A second Host or Authorization makes the value one that is refused; Node would ignore it. */
      joinDuplicateHeaders: true,
    },
    routerOptions: { maxParamLength: PARAM_LIMIT_CHARACTERS },
  }
}
