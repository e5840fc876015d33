import { stat } from 'node:fs/promises'
import t from 'tap'
import { ANSWER_MS, inAnswerTime } from '../../src/syncs/answer-time.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FakeClock } from '../support/fake-clock.ts'

t.test('what holds this process is not held against the storage', async (t) => {
  const answer = await inAnswerTime(systemClock, async () => {
    await stat('.')
    const until = performance.now() + 1.5 * ANSWER_MS
    while (performance.now() < until);
    for (let calls = 0; calls < 5; calls++) await stat('.')
    return 'stored'
  })
  t.equal(answer, 'stored')
})

t.test('a storage that says nothing has its time and no more', async (t) => {
  const clock = new FakeClock()
  const late = inAnswerTime(clock, () => new Promise(() => {})).catch((error: unknown) => error)
  await clock.advance(ANSWER_MS - 1)
  t.equal(clock.sleepers, 1)
  await clock.advance(1)
  t.match(await late, { code: 'STORAGE_UNAVAILABLE' })
  t.equal(clock.sleepers, 0)
})
