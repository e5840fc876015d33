/** Milliseconds of silence after which a stream counts as broken; the service sends a sign of life every 15 s. */
export const SILENCE_MS = 25_000

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** The signal for options that are to be absent rather than undefined. */
export function signalOf({ signal }: CallOptions): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

/** A signal that is aborted with another, or when time is up. */
export function limited(outer: AbortSignal | undefined, ms: number) {
  const controller = new AbortController()
  const pass = () => controller.abort(outer?.reason)
  if (outer?.aborted) pass()
  outer?.addEventListener('abort', pass, { once: true })
  let isOver = false
  const expire = () => {
    isOver = true
    controller.abort(new DOMException('No answer in time', 'TimeoutError'))
  }
  let timer = setTimeout(expire, ms)
  const clear = () => {
    clearTimeout(timer)
    outer?.removeEventListener('abort', pass)
  }
  return {
    signal: controller.signal,
    get isOver() {
      return isOver
    },
    extend(more: number) {
      clearTimeout(timer)
      timer = setTimeout(expire, more)
    },
    clear,
    /** Lets go, and cuts what is still open. */
    close() {
      clear()
      controller.abort()
    },
  }
}
