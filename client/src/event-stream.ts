/** One event of a stream, or a sign of life (a comment, a `retry`) without an event. */
interface StreamEvent {
  /** Absent for a sign of life. */
  readonly event?: { readonly type: string; readonly data: string }
  /** The last `id:` that came so far. */
  readonly lastEventId: string | undefined
  /** Milliseconds that the server wants a client to wait before it comes back. */
  readonly retryMs: number | undefined
}

/** Reads server-sent events (WHATWG HTML, section 9.2.6). EventSource would, but sends no Authorization header. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let lastEventId: string | undefined
  let retryMs: number | undefined
  let type = ''
  let data: string[] = []
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) yield { event: { type: type || 'message', data: data.join('\n') }, lastEventId, retryMs }
          type = ''
          data = []
          continue
        }
        const [, field = '', text = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
        if (field === 'event') type = text
        else if (field === 'data') data.push(text)
        else if (field === 'id' && !text.includes('\0')) lastEventId = text
        else if (field === 'retry' && /^\d+$/.test(text)) retryMs = Number(text)
      }
      yield { lastEventId, retryMs }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
