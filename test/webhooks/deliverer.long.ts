import t from 'tap'
import { MOST_TRIES, RETRY_DELAYS_MS } from '../../src/syncs/webhook-delivery.ts'
import { SCAN_INTERVAL_MS } from '../../src/webhooks/deliverer.ts'
import { anEndedSync, aWorld, REFUSED, TAKEN } from './held-messages.ts'

t.test('a receiver that never takes it is tried at every time of the schedule, then given up', async (t) => {
  const { clock, storage, sender, deliverer, webhookOf } = aWorld(t, [REFUSED])
  const { id } = await anEndedSync(storage, clock)
  deliverer.start()
  const total = RETRY_DELAYS_MS.reduce((sum, ms) => sum + ms + SCAN_INTERVAL_MS, 0)
  await clock.advance(total)
  t.match(await webhookOf(id), { state: 'failed', tries: MOST_TRIES })
  t.equal(sender.sent.length, MOST_TRIES)
  const waits = sender.sent.slice(1).map(({ at }, index) => at - (sender.sent[index]?.at ?? 0))
  for (const [index, wait] of waits.entries()) {
    const delay = RETRY_DELAYS_MS[index] ?? 0
    t.ok(wait >= delay && wait <= delay + SCAN_INTERVAL_MS, `${wait} after ${delay}`)
  }
  t.equal(new Set(sender.sent.map(({ message }) => `${message.id} ${message.body}`)).size, 1, 'always the same message')
})

t.test('thousands that are pending are found page by page, those that ended first told first', async (t) => {
  const { clock, storage, sender, deliverer } = aWorld(t, [TAKEN])
  const ids: string[] = []
  for (let count = 0; count < 2100; count++) ids.push((await anEndedSync(storage, clock)).id)
  deliverer.start()
  for (let turns = 0; sender.sent.length < ids.length && turns < 1000; turns++) await clock.advance(1000)
  t.same(
    sender.sent.map(({ message }) => JSON.parse(message.body).data.id),
    ids,
  )
})
