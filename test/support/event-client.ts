import { type IncomingMessage, request } from 'node:http'

/** One event as EventSource would dispatch it. */
export interface ReceivedEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** A reader of server-sent events that does as WHATWG HTML, section 9.2.6, says. It reads nothing until asked to. */
export class EventClient {
  readonly response: IncomingMessage
  /** Everything that came, comments too. */
  text = ''
  lastEventId = ''
  retryMs: number | undefined
  readonly events: ReceivedEvent[] = []
  /** Resolves when the stream has ended; to false when it broke. */
  readonly ended: Promise<boolean>
  #rest = ''
  #onEvent: () => void = () => {}

  constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    this.ended = new Promise((resolve) => {
      response.on('error', () => {})
      response.once('close', () => resolve(response.complete))
    })
  }

  get status(): number {
    return this.response.statusCode ?? 0
  }

  /** Begins to read. */
  read(): this {
    this.response.on('data', (chunk: string) => {
      this.text += chunk
      this.#rest += chunk
      const blocks = this.#rest.split('\n\n')
      this.#rest = blocks.pop() ?? ''
      for (const block of blocks) this.#dispatch(block)
      this.#onEvent()
    })
    return this
  }

  /** Resolves once the condition holds, which is looked at whenever something came. */
  until(condition: (client: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onEvent = () => {
        if (condition(this)) resolve()
      }
      this.#onEvent()
    })
  }

  close(): void {
    this.response.destroy()
  }

  #dispatch(block: string): void {
    const fields = new Map<string, string>()
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? []
      fields.set(name, value)
    }
    this.lastEventId = fields.get('id') ?? this.lastEventId
    const retry = fields.get('retry')
    if (retry !== undefined) this.retryMs = Number(retry)
    const data = fields.get('data')
    if (data !== undefined) this.events.push({ id: this.lastEventId, event: fields.get('event') ?? 'message', data })
  }
}

interface OpenOptions {
  readonly lastEventId?: string
  readonly method?: string
  readonly origin?: string
  readonly apiKey?: string
}

/** Opens a stream of the sync; resolves once the head of the answer has come. */
export function openEvents(url: string, id: string, options: OpenOptions = {}): Promise<EventClient> {
  return openStream(`${url}/syncs/${id}/events`, options)
}

/** Opens a stream of the list of syncs; `query` begins with `?` where there is one. */
export function openListEvents(url: string, query = '', options: OpenOptions = {}): Promise<EventClient> {
  return openStream(`${url}/syncs/events${query}`, options)
}

function openStream(url: string, options: OpenOptions): Promise<EventClient> {
  return new Promise((resolve, reject) => {
    request(url, {
      method: options.method ?? 'GET',
      agent: false,
      headers: {
        accept: 'text/event-stream',
        ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
        ...(options.origin === undefined ? {} : { origin: options.origin }),
        ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
        ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
      },
    })
      .on('response', (response) => resolve(new EventClient(response)))
      .on('error', reject)
      .end()
  })
}
