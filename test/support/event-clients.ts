import type { SyncView } from '../../src/model/sync-view.ts'
import { openEvents } from './event-client.ts'
import { finished } from './service.ts'

/**
 * `node event-clients.ts URL COUNT ID…`: opens COUNT event streams, spread over the syncs, prints `open`, and when every
 * stream has ended what they saw, as one line of JSON.
 */
const [url = '', count = '0', ...ids] = process.argv.slice(2)
const delays: number[] = []
let events = 0

const clients = []
for (let n = 0; n < Number(count); ) {
  const some = Array.from({ length: Math.min(50, Number(count) - n) }, () =>
    openEvents(url, ids[n++ % ids.length] ?? ''),
  )
  clients.push(...(await Promise.all(some)))
}
const ends = clients.map(async (client) => {
  let last: SyncView | undefined
  let seen = 0
  client.read()
  client.response.on('data', () => {
    for (const event of client.events.splice(0)) {
      last = JSON.parse(event.data) as SyncView
      events++
      // The first shows what was there before.
      if (seen++ > 0) delays.push(Date.now() - Date.parse(last.updatedAt))
    }
  })
  const whole = await client.ended
  return { whole, last }
})
process.stdout.write('open\n')
const results = await Promise.all(ends)
delays.sort((one, other) => one - other)
process.stdout.write(
  `${JSON.stringify({
    streams: results.length,
    ended: results.filter(({ whole, last }) => whole && last !== undefined && finished(last)).length,
    events,
    delayMs: { p50: delays[delays.length >> 1], p99: delays[Math.floor(delays.length * 0.99)], max: delays.at(-1) },
  })}\n`,
)
