import type { Deliverable } from '../syncs/webhook-delivery.ts'

/** What is sent: the same bytes under the same id in every attempt, so that a receiver can tell it has had it. */
export interface WebhookMessage {
  readonly id: string
  readonly body: string
}

/** Tells that a sync has ended, and how; thin, so that a receiver asks for the rest at `href`, with rights of its own. */
export function webhookMessage(sync: Deliverable): WebhookMessage {
  return {
    id: `${sync.id}-ended`,
    body: JSON.stringify({
      type: `sync.${sync.state}`,
      timestamp: sync.finishedAt,
      data: {
        id: sync.id,
        state: sync.state,
        revision: sync.webhook.endRevision,
        spreadsheetId: sync.spreadsheet.id,
        outcome: sync.outcome,
        errorCode: sync.error?.code ?? null,
        href: `/syncs/${sync.id}`,
      },
    }),
  }
}
