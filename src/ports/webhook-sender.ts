/** What is sent: the same bytes under the same id in every attempt, so that a receiver can discard a duplicate. */
export interface WebhookMessage {
  readonly id: string
  readonly body: string
}

/** What became of one POST. */
export interface SendResult {
  /** HTTP status of the answer; null when there was none. */
  readonly status: number | null
  /** Why it is no success, in words for the caller, without anything of the URL; null for a 2xx. */
  readonly error: string | null
  /** What the receiver asked for with `Retry-After` (RFC 9110, section 10.2.3). */
  readonly retryAfterMs?: number
}

/** Sends one message to one URL, once. */
export interface WebhookSender {
  /** Never rejects, except with the signal's reason when it is aborted. */
  send(url: string, message: WebhookMessage, signal: AbortSignal): Promise<SendResult>
}
