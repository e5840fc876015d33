import t from 'tap'
import { measureStorage } from '../../src/metrics/measured-storage.ts'
import { failSync } from '../../src/syncs/sync.ts'
import { claimDelivery, isPending, recordDelivery, requestRedelivery } from '../../src/syncs/webhook-delivery.ts'
import { testSyncStorage } from '../storage/conformance.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { silentMetrics } from '../support/silent-metrics.ts'
import { aQueuedSync } from '../support/syncs.ts'

await testSyncStorage(t, 'measureStorage', async () => {
  const storage = measureStorage(new MemoryStorage(), silentMetrics)
  return { open: async () => storage }
})

t.test('an end is counted once, however the clock is set while its webhook is delivered', async (t) => {
  for (const [webhook, movedMs] of [
    [undefined, 0],
    [{ url: 'https://app.example.com/hook' }, 0],
    [{ url: 'https://app.example.com/hook' }, 1000],
    [{ url: 'https://app.example.com/hook' }, -3_600_000],
  ] as const) {
    const ended: number[] = []
    const storage = measureStorage(new MemoryStorage(), {
      ...silentMetrics,
      syncEnded: ({ revision }) => ended.push(revision),
    })
    const sync = aQueuedSync(webhook === undefined ? {} : { webhook })
    await storage.create(sync)
    const problem = { type: '', title: '', status: 500, detail: '', code: 'INTERNAL', retryable: false } as const
    const now = new Date('2026-01-01T01:00:00.000Z')
    const failed = failSync(sync, problem, now, 1000)
    await storage.replace(failed, 1)
    if (isPending(failed)) {
      const later = new Date(now.getTime() + movedMs)
      const claimed = claimDelivery(failed, later, 1000)
      await storage.replace(claimed, failed.revision)
      const result = { at: later, status: 204, error: null, durationMs: 1 }
      const delivered = recordDelivery(claimed, result, later, { ttlMs: 1000, random: 0 })
      await storage.replace(delivered, claimed.revision)
      await storage.replace(requestRedelivery(delivered, later, 1000), delivered.revision)
    }
    t.same(ended, [2], `${webhook === undefined ? 'no webhook' : `the clock moved by ${movedMs} ms`}`)
  }
})
