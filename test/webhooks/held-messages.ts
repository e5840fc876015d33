import type { Test } from 'tap'
import type { Sync } from '../../src/model/sync.ts'
import type { Log } from '../../src/ports/log.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SyncStorage } from '../../src/ports/sync-storage.ts'
import type { SendResult, WebhookMessage, WebhookSender } from '../../src/ports/webhook-sender.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import type { Deliverable } from '../../src/syncs/webhook-delivery.ts'
import { WebhookDeliverer } from '../../src/webhooks/deliverer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aQueuedSync } from '../support/syncs.ts'

export const TTL = 60_000
export const TAKEN: SendResult = { status: 204, error: null }
export const REFUSED: SendResult = { status: 503, error: 'it answered 503' }

export interface Sent {
  readonly url: string
  readonly message: WebhookMessage
  readonly at: number
  readonly answer: (result: SendResult) => void
}

/** Holds every message until the test answers it, or answers as it is told. */
export class HeldSender implements WebhookSender {
  readonly sent: Sent[] = []
  readonly #clock: FakeClock
  readonly #answers: readonly SendResult[]
  broken = 0

  constructor(clock: FakeClock, answers: readonly SendResult[] = []) {
    this.#clock = clock
    this.#answers = answers
  }

  send(url: string, message: WebhookMessage, signal: AbortSignal): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      let answered = false
      const take = (result: SendResult) => {
        answered = true
        resolve(result)
      }
      this.sent.push({ url, message, at: this.#clock.monotonic(), answer: take })
      const answer = this.#answers[Math.min(this.sent.length, this.#answers.length) - 1]
      if (answer !== undefined) take(answer)
      signal.addEventListener('abort', () => {
        if (!answered) this.broken++
        reject(signal.reason)
      })
    })
  }
}

export interface World {
  readonly clock: FakeClock
  readonly storage: MemoryStorage
  readonly sender: HeldSender
  readonly deliverer: WebhookDeliverer
  another(sender: WebhookSender, storage?: SyncStorage, log?: Log): WebhookDeliverer
  webhookOf(id: string): Promise<Sync['webhook']>
}

export function aWorld(t: Test, answers: readonly SendResult[] = []): World {
  const clock = new FakeClock()
  const storage = new MemoryStorage()
  const sender = new HeldSender(clock, answers)
  const another: World['another'] = (sender, over = storage, log = silentLog) => {
    const deliverer = new WebhookDeliverer({ storage: over, sender, clock, log, statusTtlMs: TTL, random: () => 0.5 })
    t.teardown(async () => {
      const closed = deliverer.close()
      await clock.advance(10_000)
      await closed
    })
    return deliverer
  }
  const webhookOf = async (id: string) => (await storage.get(id))?.webhook ?? null
  return { clock, storage, sender, deliverer: another(sender), another, webhookOf }
}

/** A sync that has just ended, and is to be told of. */
export async function anEndedSync(
  storage: SyncStorage,
  clock: FakeClock,
  url = 'https://example.com/',
  createdBy: string | null = null,
): Promise<Deliverable> {
  const queued = { ...aQueuedSync({ webhook: { url } }, clock.now()), createdBy }
  await storage.create(queued)
  const ended = cancelSync(queued, clock.now(), TTL) as Deliverable
  await storage.replace(ended, queued.revision)
  return ended
}
