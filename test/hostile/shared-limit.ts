import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { anOwnServer, type OwnServer } from '../support/own-servers.ts'
import { isThere } from '../support/queue-servers.ts'
import { aDirectory, aServiceProcess, environmentFor } from '../support/service.ts'

const LIMIT = 60
const OF_ONE = 40

t.jobs = 3

for (const kind of ['redis', 'postgres'] as const) {
  const skip = (await isThere(kind)) ? false : `there is no ${kind}`
  t.test(
    `two processes on one ${kind} share one limit, and go on alone while it is away`,
    { skip, buffered: true },
    async (t) => {
      const server = await anOwnServer(t, kind)
      await shareOneLimit(t, server.url, server)
    },
  )
}

t.test('two processes on one folder share one limit', { buffered: true }, (t) => shareOneLimit(t))

async function shareOneLimit(t: Test, storageUrl?: string, server?: OwnServer): Promise<void> {
  const environment = {
    ...environmentFor(await aDirectory(t)),
    ...(storageUrl !== undefined && { STORAGE_URL: storageUrl }),
    RATE_LIMIT: String(LIMIT),
    // At info a line about a server that is away is left out where another has just said the same.
    LOG_LEVEL: 'debug',
  }
  const [one, other] = await Promise.all([aServiceProcess(t, environment), aServiceProcess(t, environment)])
  let passed: number | undefined
  // On a slow machine the minute may end in the middle.
  while (passed === undefined) passed = await useUp(t, one.url, other.url)
  // What passes between two exchanges is not yet known to the other.
  t.ok(passed <= 1.1 * LIMIT, `${passed} pass, of ${LIMIT}`)
  if (server === undefined) return
  const count = (words: string) => one.output().split(words).length - 1
  const isAlone = () => count('cannot be counted together') > count('are counted together again')
  const before = count('cannot be counted together')
  await server.stop()
  while (!isAlone()) await delay(100)
  const times: number[] = []
  for (let n = 0; n < 20; n++) {
    const asked = performance.now()
    await ask(one.url)
    times.push(performance.now() - asked)
  }
  t.comment(`without its server a request takes ${Math.max(...times).toFixed(0)} ms at the most`)
  t.ok(Math.max(...times) < 1000, 'no request waits for it')
  await server.start()
  while (isAlone()) await delay(100)
  t.ok(count('cannot be counted together') <= before + 1, 'its absence is logged once')
}

/** Has both asked until both refuse; resolves to how many requests passed, to `undefined` if the minute ended meanwhile. */
async function useUp(t: Test, one: string, other: string): Promise<number | undefined> {
  let { secondsLeft } = await ask(one)
  if (secondsLeft < 15) await delay(secondsLeft * 1000)
  secondsLeft = 60
  let passed = 0
  const pass = async (url: string) => {
    const answer = await ask(url)
    if (answer.secondsLeft > secondsLeft) return undefined
    secondsLeft = answer.secondsLeft
    if (answer.status === 200) passed += 1
    return answer
  }
  for (let n = 0; n < OF_ONE; n++) if ((await pass(one)) === undefined) return undefined
  const begun = performance.now()
  // It knows once less is left than its own requests have taken.
  for (let ofOther = 1; ; ofOther++) {
    const answer = await pass(other)
    if (answer === undefined) return undefined
    if (answer.remaining <= LIMIT - OF_ONE - ofOther) break
    await delay(200)
  }
  t.comment(`the other process knows after ${Math.round(performance.now() - begun)} ms`)
  for (const url of [other, one]) {
    for (let status = 200; status === 200; ) {
      const answer = await pass(url)
      if (answer === undefined) return undefined
      status = answer.status
      // What one process has let pass, the other learns within two exchanges.
      if (url === one) await delay(300)
    }
  }
  return passed
}

/** A request that needs no storage. */
async function ask(url: string): Promise<{ status: number; remaining: number; secondsLeft: number }> {
  const answer = await fetch(`${url}/openapi.json`)
  await answer.arrayBuffer()
  const [, remaining, secondsLeft] = /r=(\d+);t=(\d+)/.exec(answer.headers.get('ratelimit') ?? '') ?? []
  return { status: answer.status, remaining: Number(remaining), secondsLeft: Number(secondsLeft) }
}
