import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { SheetsyncError } from 'sheetsync-client'
import { noteRefusal } from './access.ts'
import { pause } from './list-feed.ts'
import { toError } from './session.ts'

export interface Asked<T> {
  /** What was answered last; it stays while the service does not answer. */
  readonly data?: T | undefined
  readonly error?: SheetsyncError | undefined
  /** Whether it is asked again by itself: what went wrong may pass. */
  readonly isRetried?: boolean
}

interface AskedOptions {
  /** Milliseconds after an answer until it is asked for again; without it, it is not. */
  readonly everyMs?: number
  /** Whether what was answered stays until there is an answer for other keys. */
  readonly keepsOld?: boolean
}

const RETRY_MS = 2000

/** How long to wait before something that failed is asked for again; `undefined`: asking again is no help. */
export function retryMs({ retryable, retryAfterMs }: SheetsyncError): number | undefined {
  return retryable ? (retryAfterMs ?? RETRY_MS) : undefined
}

/** Asks for something when it is first shown and whenever `keys` change, and again while the service does not answer. */
export function useAsked<T>(
  load: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  { everyMs, keepsOld = false }: AskedOptions = {},
): readonly [asked: ReadonlySignal<Asked<T>>, again: () => void] {
  const asked = useSignal<Asked<T>>({})
  const wake = useRef<() => void>(() => undefined)
  useEffect(() => {
    const ended = new AbortController()
    if (!keepsOld) asked.value = {}
    let isFirst = true
    void (async () => {
      while (!ended.signal.aborted) {
        let waitMs = everyMs
        try {
          if (isFirst || !document.hidden) {
            const data = await load(ended.signal)
            if (ended.signal.aborted) return
            asked.value = { data }
            isFirst = false
          }
        } catch (thrown) {
          if (ended.signal.aborted || noteRefusal(thrown)) return
          const error = toError(thrown)
          const again = retryMs(error)
          waitMs = again ?? everyMs
          asked.value = {
            data: again === undefined ? undefined : asked.peek().data,
            error,
            isRetried: again !== undefined,
          }
        }
        if (waitMs === undefined) await new Promise<void>((resolve) => (wake.current = resolve))
        else {
          const woken = new AbortController()
          wake.current = () => woken.abort()
          await pause(waitMs, AbortSignal.any([ended.signal, woken.signal]))
        }
      }
    })()
    return () => {
      ended.abort()
      wake.current()
    }
  }, keys)
  return [asked, () => wake.current()]
}
