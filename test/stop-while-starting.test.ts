import { setImmediate as nextEvents } from 'node:timers/promises'
import { pino } from 'pino'
import t from 'tap'
import { compose } from '../src/compose.ts'
import { readConfig } from '../src/config.ts'
import { aDirectory, environmentFor } from './support/service.ts'

t.test('a stop while the service starts, at whatever step, leaves no port open and nothing that fails', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) })
  let stopped = 0
  for (const turns of [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89]) {
    const service = await compose(readConfig(environmentFor(await aDirectory(t))), log)
    const started = service.start().catch((error: unknown) => error)
    for (let turn = 0; turn < turns; turn++) await nextEvents()
    await service.close()
    if (typeof (await started) !== 'string') {
      stopped++
      t.equal(await started, service.stopping.reason, `after ${turns} turns of the event loop`)
    }
    t.notOk(service.app.server.listening, `after ${turns} turns of the event loop`)
  }
  t.ok(stopped > 2, `${stopped} were stopped before they had started`)
  t.same(lines, [])
})
