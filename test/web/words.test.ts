import t from 'tap'
import { ago, bytes, counted, duration, secondsUntil } from '../../web/parts/numbers.ts'
import { activityOf, changeWords, hindranceOf, partOf } from '../../web/parts/words.ts'

const NOW = Date.parse('2026-11-28T07:00:00Z')
const inSeconds = (seconds: number) => new Date(NOW + seconds * 1000).toISOString()
const fault = (part: object) => ({
  waitingUntil: null,
  fault: { code: 'GOOGLE_UNAVAILABLE', detail: '', since: inSeconds(-9), tries: 3, nextTryAt: inSeconds(8), ...part },
})

t.test('what hinders a sync is said with the seconds until it goes on', async (t) => {
  const cases: [progress: Parameters<typeof hindranceOf>[0], words: string | undefined][] = [
    [{ waitingUntil: null, fault: null }, undefined],
    [{ waitingUntil: inSeconds(23), fault: null }, "waiting for Google's quota, 23 s"],
    [{ waitingUntil: inSeconds(-5), fault: null }, "waiting for Google's quota, 1 s"],
    [fault({ detail: 'Google answered with status 500. It says: no' }), 'Google answers 500, try 4 in 8 s'],
    [fault({ detail: 'Google answered with status 500.', nextTryAt: null }), 'Google answers 500, try 4 is under way'],
    [fault({ detail: 'The answer was cut off.' }), 'Google does not answer properly, try 4 in 8 s'],
    [fault({ code: 'GOOGLE_UNREACHABLE' }), 'Google cannot be reached, try 4 in 8 s'],
    [fault({ code: 'GOOGLE_QUOTA_EXCEEDED' }), 'Google refuses more reads for now, try 4 in 8 s'],
    [fault({ tries: 0, nextTryAt: null }), 'Google is slow to answer'],
    [fault({ code: 'STORAGE_UNAVAILABLE', tries: 0, nextTryAt: null }), 'the storage is slow to answer'],
    [fault({ code: 'STORAGE_UNAVAILABLE' }), 'the storage cannot be used, try 4 in 8 s'],
    [fault({ code: 'GOOGLE_QUOTA_EXCEEDED', tries: 0 }), "waiting for Google's quota, 8 s"],
  ]
  for (const [progress, words] of cases) t.equal(hindranceOf(progress, NOW), words)
  // A failure outranks the wait that comes of it.
  t.match(hindranceOf({ ...fault({}), waitingUntil: inSeconds(30) }, NOW), /^Google does not answer/)
})

t.test('what a sync does is said by its state, then by what hinders it, then by its phase', async (t) => {
  const progress = { phase: 'reading-metadata', waitingUntil: null, fault: null } as const
  const of = (part: object) =>
    activityOf(
      { state: 'running', progress, outcome: null, error: null, ...part } as Parameters<typeof activityOf>[0],
      NOW,
    )
  t.equal(of({}), 'reading metadata')
  t.equal(of({ progress: { ...progress, waitingUntil: inSeconds(2) } }), "waiting for Google's quota, 2 s")
  t.equal(of({ state: 'queued' }), 'waiting for its turn')
  t.equal(
    of({ state: 'failed', error: { title: 'Google knows no such spreadsheet' } }),
    'Google knows no such spreadsheet',
  )
  t.equal(of({ state: 'succeeded', outcome: 'unchanged' }), 'unchanged')
  t.equal(of({ state: 'succeeded', changed: { added: 1, removed: 2 } }), '1 row added, 2 removed')
  t.equal(changeWords(0, 0), 'no rows added or removed')
  t.equal(changeWords(null, null), '')
})

t.test('numbers are read at a glance', async (t) => {
  t.same([0, 999, 1000, 12_345, 123_456_789].map(bytes), ['0 B', '999 B', '1.0 kB', '12.3 kB', '123 MB'])
  t.same([-5, 400, 23_400, 65_000, 7_380_000, 273_600_000].map(duration), [
    '0.0 s',
    '0.4 s',
    '23 s',
    '1 m 05 s',
    '2 h 03 m',
    '3 d 4 h',
  ])
  t.same(
    [1, 2, 1234].map((value) => counted(value, 'sync')),
    ['1 sync', '2 syncs', '1,234 syncs'],
  )
  t.same(
    [2, -30, -300, -7200, -86_400, -200_000, 7200].map((seconds) => ago(inSeconds(seconds), NOW)),
    ['just now', '30 s ago', '5 min ago', '2 h ago', '1 day ago', '2 days ago', 'in 2 h'],
  )
  t.equal(secondsUntil(inSeconds(1.2), NOW), 2)
  t.same([partOf(1, null), partOf(1, 3), partOf(3, 3)], ['1', '1 of 3', '3'])
})
