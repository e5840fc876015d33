import t from 'tap'
import { faultOfCron, isTimeZone, nextRunAfter, offsetOf, type Timing } from '../../src/schedules/occurrences.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')

function aTiming(changes: Partial<Timing>): Timing {
  return { cron: null, every: null, timeZone: 'UTC', anchor: NOW.toISOString(), offsetMs: 0, ...changes }
}

/** The runs after a moment, in UTC to the minute. */
function runs(changes: Partial<Timing>, after: string, count: number): string[] {
  const timing = aTiming(changes)
  const found: string[] = []
  for (let at = new Date(after); found.length < count; ) {
    const next = nextRunAfter(timing, at)
    if (next === undefined) break
    found.push(next.toISOString().slice(0, 16))
    at = next
  }
  return found
}

t.test('a time that summer time leaves out comes right after the gap, once, and the next day as ever', async (t) => {
  const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
  t.same(runs(berlin, '2026-03-28T00:00:00Z', 3), ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'])
  const newYork = { cron: '30 2 * * *', timeZone: 'America/New_York' }
  t.same(runs(newYork, '2026-03-07T00:00:00Z', 3), ['2026-03-07T07:30', '2026-03-08T07:00', '2026-03-09T06:30'])
  // Half an hour only.
  const lordHowe = { cron: '15 2 * * *', timeZone: 'Australia/Lord_Howe' }
  t.same(runs(lordHowe, '2026-10-02T12:00:00Z', 3), ['2026-10-02T15:45', '2026-10-03T15:30', '2026-10-04T15:15'])
})

t.test('a time that the end of summer time brings twice comes once, the first of both', async (t) => {
  const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
  t.same(runs(berlin, '2026-10-24T00:00:00Z', 3), ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'])
  const newYork = { cron: '30 1 * * *', timeZone: 'America/New_York' }
  t.same(runs(newYork, '2026-10-31T00:00:00Z', 3), ['2026-10-31T05:30', '2026-11-01T05:30', '2026-11-02T06:30'])
  const lordHowe = { cron: '45 1 * * *', timeZone: 'Australia/Lord_Howe' }
  t.same(runs(lordHowe, '2026-04-03T12:00:00Z', 3), ['2026-04-03T14:45', '2026-04-04T14:45', '2026-04-05T15:15'])
})

t.test('what comes every half hour does so through both changes, without a gap and without a double', async (t) => {
  for (const [timeZone, day] of [
    ['Europe/Berlin', '2026-03-28T23:00:00Z'],
    ['Europe/Berlin', '2026-10-24T22:00:00Z'],
    ['America/New_York', '2026-03-08T05:00:00Z'],
    ['America/New_York', '2026-11-01T04:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T13:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T13:00:00Z'],
  ] as const) {
    for (const how of [{ cron: '*/30 * * * *' }, { every: '30m', anchor: day }]) {
      const times = runs({ ...how, timeZone }, day, 12).map((at) => Date.parse(`${at}Z`))
      t.same([...new Set(times.slice(1).map((at, n) => at - (times[n] ?? 0)))], [1_800_000], `${timeZone} ${day}`)
    }
  }
})

t.test('every counts time that passes: a day is 24 hours, whatever the clocks on walls do', async (t) => {
  const daily = { every: '1d', timeZone: 'Europe/Berlin', anchor: '2026-03-28T06:00:00.000Z' }
  t.same(runs(daily, '2026-03-28T06:00:00Z', 2), ['2026-03-29T06:00', '2026-03-30T06:00'])
})

t.test('multiples of every are counted from the anchor, also before it, however late one looks', async (t) => {
  t.same(runs({ every: '15m' }, '2026-01-03T00:07:00Z', 2), ['2026-01-03T00:15', '2026-01-03T00:30'])
  t.same(runs({ every: '15m' }, '2025-12-31T23:31:00Z', 1), ['2025-12-31T23:45'])
  t.same(runs({ every: '15m', offsetMs: 60_000 }, '2026-01-01T00:00:30Z', 2), ['2026-01-01T00:01', '2026-01-01T00:16'])
})

t.test('what has neither cron nor every never comes by itself', async (t) => {
  t.equal(nextRunAfter(aTiming({}), NOW), undefined)
})

t.test('a cron expression of a wrong shape is refused, and what is wrong is told', async (t) => {
  const fault = (cron: string) => faultOfCron(cron, 'UTC', 60_000, NOW)?.message
  t.match(fault(''), /five fields, not 0/)
  for (const cron of ['*', '* * * *', '* * * * * *', '* * * * * * 2030', '@reboot', '2026-01-01T00:00:00Z', 'hourly']) {
    t.match(fault(cron), /five fields/, cron)
  }
  for (const cron of [
    '60 * * * *',
    '* 24 * * *',
    '* * 32 * *',
    '* * * 13 *',
    '* * * * 8',
    'a b c d e',
    '*/0 * * * *',
    '5-1 * * * *',
    '1,,2 * * * *',
    '-1 * * * *',
    '1e1 * * * *',
    '1/2 * * * *',
    '0 0 L-3 2 *',
    '\u0000 * * * *',
  ]) {
    t.match(fault(cron), /is not a cron expression/, cron)
  }
  for (const cron of ['0 0 31 2 *', '0 0 31 4,6,9,11 *']) t.match(fault(cron), /never comes/, cron)
  for (const cron of [
    '0 6 * * 1-5',
    '@daily',
    ' 0  6 * * * ',
    '0 0 29 2 *',
    '0 0 L * *',
    '0 0 1 JAN MON',
    '0 0 * * 5#2',
  ]) {
    t.equal(fault(cron), undefined, cron)
  }
})

t.test('a cron expression that comes oftener than is allowed is refused, if only on one day', async (t) => {
  const fault = (cron: string) => faultOfCron(cron, 'UTC', 3_600_000, NOW)?.message
  t.equal(fault('0 * * * *'), undefined)
  t.match(fault('*/30 * * * *'), /oftener/)
  t.match(fault('0,10 6 * * *'), /oftener/)
})

t.test('zones are those of IANA', async (t) => {
  for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']) t.ok(isTimeZone(zone), zone)
  for (const zone of ['', 'Mars/Olympus', '+02:00', 'GMT+2', '../UTC', 'Europe/']) t.notOk(isTimeZone(zone), zone)
})

t.test('the offset of an id is always the same, spreads ids evenly, and stays below what it may be', async (t) => {
  const hourly = { cron: '0 * * * *', every: null, timeZone: 'UTC' }
  const offsets = Array.from({ length: 1000 }, (_, n) => offsetOf(`schedule-${n}`, hourly, null, NOW))
  t.equal(offsetOf('schedule-7', hourly, null, NOW), offsets[7])
  t.ok(offsets.every((ms) => ms >= 0 && ms < 30_000))
  const thirds = [0, 1, 2].map((third) => offsets.filter((ms) => Math.floor(ms / 10_000) === third).length)
  t.ok(
    thirds.every((count) => count > 250),
    String(thirds),
  )
  const often = { cron: null, every: '2m', timeZone: 'UTC' }
  t.ok(offsetOf('schedule-7', often, null, NOW) < 12_000, 'a tenth of the interval')
  t.equal(offsetOf('schedule-7', hourly, '0s', NOW), 0)
  t.ok(offsets.some((_, n) => offsetOf(`schedule-${n}`, hourly, '10m', NOW) > 300_000))
})
