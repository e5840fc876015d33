import { get, type IncomingMessage } from 'node:http'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { ApiClient, someKeys } from '../support/callers.ts'
import { anEmulator } from '../support/service.ts'
import { aConfinedService } from './support/confined-service.ts'

const ID = '1StreamsOfTheHostile-0123456789_abcdefghijklm'
/** Of each, by one key. */
const ATTEMPTS = 400

t.test('one key opens all the streams and waits that it can; another key is served', { timeout: 60_000 }, async (t) => {
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'Streams', tabs: [tabFromRows(0, 'A', [['A']])] }],
  })
  const { setting, keys } = someKeys({ one: ['read', 'write'], two: ['read', 'write'] })
  const environment = { API_KEYS: setting, GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const service = await aConfinedService(t, { environment })
  const release = Promise.withResolvers<void>()
  emulator.onCall(() => release.promise)
  const [one, two] = [new ApiClient(service.url, keys.one), new ApiClient(service.url, keys.two)]
  const [own, other] = [await one.start({ spreadsheet: ID }), await two.start({ spreadsheet: ID })]
  const before = await service.memoryMb()

  const stream = (key: string, { id }: SyncView) => open(`${service.url}/syncs/${id}/events`, key)
  const wait = (key: string, { id }: SyncView) => open(`${service.url}/syncs/${id}`, key, { prefer: 'wait=25' })
  const streams = await Promise.all(Array.from({ length: ATTEMPTS }, () => stream(keys.one, own)))
  t.teardown(() => {
    for (const answer of streams) answer.destroy()
  })
  const opened = streams.filter(({ statusCode }) => statusCode === 200).length
  t.equal(opened, 100)
  t.equal(streams.filter(({ statusCode }) => statusCode === 429).length, ATTEMPTS - opened)
  // With no place left a wait is a poll.
  const waits = await Promise.all(Array.from({ length: ATTEMPTS }, () => wait(keys.one, own)))
  t.ok(waits.every(({ statusCode, headers }) => statusCode === 200 && headers['preference-applied'] === undefined))
  for (const answer of waits) answer.destroy()

  const begun = performance.now()
  const served = await stream(keys.two, other)
  t.equal(served.statusCode, 200)
  const first = await new Promise<string>((resolve) => served.once('data', (bytes) => resolve(String(bytes))))
  const ms = performance.now() - begun
  t.match(first, /retry: \d+/)
  served.destroy()
  const waiting = wait(keys.two, other)
  const after = await service.memoryMb()
  release.resolve()
  t.equal((await waiting).headers['preference-applied'], 'wait=25', 'it waited, as there was a place')
  t.equal(service.isAlive, true)
  t.comment(
    `${opened} of ${ATTEMPTS} streams opened, ${ATTEMPTS} waits answered at once; the other key's stream begins after ${ms.toFixed(0)} ms; ` +
      `${before.toFixed(0)} MB before, ${after.toFixed(0)} MB with them, peak ${(await service.peakMb()).toFixed(0)} MB`,
  )
  t.ok((await service.peakMb()) < 320)
})

/** Resolves once the head of the answer has come. */
function open(url: string, key: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { authorization: `Bearer ${key}`, ...headers } }, resolve).on('error', reject)
  })
}
