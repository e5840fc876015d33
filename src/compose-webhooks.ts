import type { Logger } from 'pino'
import type { Config } from './config.ts'

import type { SyncStorage } from './ports/sync-storage.ts'
import type { WebhookSender } from './ports/webhook-sender.ts'
import type { SyncServiceOptions } from './syncs/sync-service.ts'
import { systemClock } from './system-clock.ts'
import type { WebhookDeliverer } from './webhooks/deliverer.ts'

interface Webhooks {
  readonly deliverer?: WebhookDeliverer
  readonly sender?: WebhookSender
  readonly faultOfWebhook?: NonNullable<SyncServiceOptions['faultOfWebhook']>
}

/** Without a secret nothing can be signed: what is pending then waits until there is one, and nothing is loaded for it. */
export async function composeWebhooks(
  { webhooks: { secrets, insecure }, role, statusTtlMs }: Config,
  storage: SyncStorage,
  log: Logger,
): Promise<Webhooks> {
  if (insecure) log.warn('WEBHOOK_INSECURE=1: webhooks are sent by http too, and to addresses that are not public')
  if (secrets.length === 0) return {}
  const [{ WebhookDeliverer }, { HttpSender }, { faultOfUrl }] = await Promise.all([
    import('./webhooks/deliverer.ts'),
    import('./webhooks/http-sender.ts'),
    import('./webhooks/url-rules.ts'),
  ])
  const faultOfWebhook = (url: string) => faultOfUrl(url, { insecure })
  if (role === 'api') return { faultOfWebhook }
  const sender = new HttpSender({ keys: secrets, insecure, clock: systemClock })
  return {
    faultOfWebhook,
    sender,
    deliverer: new WebhookDeliverer({ storage, sender, clock: systemClock, log, statusTtlMs }),
  }
}
