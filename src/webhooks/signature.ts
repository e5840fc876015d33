import { createHmac } from 'node:crypto'
import type { WebhookMessage } from '../ports/webhook-sender.ts'

/**
 * The headers that prove who sent a message and when (Standard Webhooks, "Webhook headers (sending metadata to consumers)").
 * One signature for each key, so that receivers may go over to a new secret before the old one is taken out.
 *
 * Made here and not by the `standardwebhooks` package: it is one HMAC, which Node does natively, and tests that verify
 * with the package then compare two implementations instead of one with itself.
 */
export function signatureHeaders(
  keys: readonly Uint8Array[],
  { id, body }: WebhookMessage,
  now: Date,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  )
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
