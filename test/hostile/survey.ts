import t from 'tap'
import { aSurvey, downloadOf } from './support/one-tab.ts'

t.test(
  'a survey of 20,000 rows takes as much memory under headers of 300 characters as under short ones',
  async (t) => {
    const peaks: number[] = []
    for (const characters of [12, 300]) {
      await t.test(`headers of ${characters} characters`, async (t) => {
        const { sync, peakMb } = await downloadOf(t, aSurvey(20_000, 100, characters))
        t.equal(sync.state, 'succeeded')
        peaks.push(peakMb)
      })
    }
    const [short = 0, long = 0] = peaks
    t.ok(long <= 1.5 * short && long <= 320, `${long.toFixed(0)} MB is too much beside ${short.toFixed(0)} MB`)
  },
)
