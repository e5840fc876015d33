import t from 'tap'
import { aSurvey, downloadOf } from './support/one-tab.ts'

t.test('a survey of 100,000 rows under headers of 300 characters', async (t) => {
  const { sync, peakMb } = await downloadOf(t, aSurvey(100_000, 100, 300), { formats: ['ndjson'] })
  t.match(sync, { state: 'succeeded', attempt: 1 })
  t.ok(peakMb <= 320, 'is downloaded in the memory that one of 20,000 rows takes')
})
