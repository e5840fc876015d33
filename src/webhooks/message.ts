import type { WebhookMessage } from '../ports/webhook-sender.ts'
import type { Deliverable } from '../syncs/webhook-delivery.ts'

/** The message that a sync has ended, and how; thin, so that a receiver gets the rest at `href`, with rights of its own. */
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
        changes: sync.changes,
        errorCode: sync.error?.code ?? null,
        href: `/syncs/${sync.id}`,
      },
    }),
  }
}
