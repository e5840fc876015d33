import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { Random } from '../crash/simulation/random.ts'
import { aSchema, POSTGRES_URL, skipWithoutPostgres } from '../support/postgres.ts'
import { aPrefix, REDIS_URL, whyNoRedis } from '../support/redis.ts'
import { aDirectory } from '../support/service.ts'
import { type ClientOptions, type Line, monotonicMs } from './client.ts'
import { checkLinearizability, type Operation } from './linearizability.ts'
import { type StorageAnswer, type StorageCall, syncModel } from './sync-model.ts'

/** Processes that share the storage. */
const CLIENTS = 4
/** Rounds of a run; each has ids of its own, so that no history grows beyond what can be searched. */
const ROUNDS = Number(process.env.HISTORY_ROUNDS ?? 60)
const ROUND_MS = 300
const IDS_PER_ROUND = 3
const SEED = Number(process.env.HISTORY_SEED ?? Math.floor(Math.random() * 1e9))

const CLIENT = fileURLToPath(new URL('client.ts', import.meta.url))

type StorageOperation = Operation<StorageCall, StorageAnswer>

interface History {
  /** By id. */
  readonly operations: ReadonlyMap<string, readonly StorageOperation[]>
  readonly answered: number
  readonly unanswered: number
  readonly kills: number
  readonly pauses: number
  /** What no call may ever be answered with. */
  readonly failures: readonly string[]
}

/** Has several processes use one storage for all rounds, while they are killed, followed by others, and paused. */
async function record(t: Test, place: ClientOptions['place'], fault?: 'stale'): Promise<History> {
  const random = new Random(SEED)
  const rounds = Array.from({ length: ROUNDS }, () => Array.from({ length: IDS_PER_ROUND }, () => newSyncId()))
  const start = Promise.withResolvers<number>()
  const lines: Line[] = []
  const running = new Set<ChildProcess>()
  let started = 0
  const startClient = () => {
    started += 1
    const seed = random.below(1e9)
    const options: ClientOptions = { name: `c${started}`, seed, place, rounds, roundMs: ROUND_MS, fault }
    const stdio = ['ignore', 'pipe', 'inherit', 'ipc'] as const
    const child = spawn(process.execPath, [CLIENT, JSON.stringify(options)], { stdio: [...stdio] })
    running.add(child)
    const output = createInterface({ input: child.stdout as Readable })
    output.on('line', (line) => {
      // The last line of a killed client may be cut off: its call was not made, or its answer is not known.
      if (line.endsWith('}')) lines.push(JSON.parse(line) as Line)
    })
    const ready = once(child, 'message')
    void Promise.all([start.promise, ready]).then(([startMs]) => child.connected && child.send(startMs))
    const ended = Promise.all([once(child, 'exit'), once(output, 'close')]).finally(() => running.delete(child))
    return { child, ready, ended }
  }
  t.teardown(() => {
    for (const child of running) child.kill('SIGKILL')
  })
  const clients = Array.from({ length: CLIENTS }, startClient)
  const all = clients.map(({ ended }) => ended)
  let kills = 0
  let pauses = 0
  const endedEarly = Promise.race(all).then(() => Promise.reject(new Error('a client ended before the first round')))
  await Promise.race([Promise.all(clients.map(({ ready }) => ready)), endedEarly])
  endedEarly.catch(() => undefined)
  start.resolve(monotonicMs())
  const endMs = monotonicMs() + ROUNDS * ROUND_MS
  while (monotonicMs() < endMs - 2000) {
    await delay(200 + random.below(400))
    const at = random.below(CLIENTS)
    const { child } = clients[at] ?? startClient()
    if (random.chance(0.35)) {
      kills += 1
      child.kill('SIGKILL')
      clients[at] = startClient()
      all.push(clients[at].ended)
    } else {
      pauses += 1
      child.kill('SIGSTOP')
      await delay(50 + random.below(500))
      child.kill('SIGCONT')
    }
  }
  await Promise.all(all)
  return { ...historyOf(lines), kills, pauses }
}

function historyOf(lines: readonly Line[]): Pick<History, 'operations' | 'answered' | 'unanswered' | 'failures'> {
  const answers = new Map(lines.flatMap((line) => ('answer' in line ? [[line.key, line] as const] : [])))
  const calls = lines.filter((line) => 'call' in line)
  const operations = Map.groupBy(calls, ({ id }) => id)
  const toOperation = ({ key, at, call }: (typeof calls)[number]): StorageOperation => {
    const answer = answers.get(key)
    return { call, answer: answer?.answer, calledAt: at, answeredAt: answer?.at ?? Number.POSITIVE_INFINITY }
  }
  return {
    // A read that nobody was answered says nothing.
    operations: new Map(
      [...operations].map(([id, own]) => [
        id,
        own.map(toOperation).filter(({ call, answer }) => call.kind !== 'get' || answer !== undefined),
      ]),
    ),
    answered: answers.size,
    unanswered: calls.length - answers.size,
    failures: lines.flatMap((line) => ('failed' in line ? [line.failed] : [])),
  }
}

function verdicts(operations: History['operations']) {
  return [...operations].map(([id, own]) => ({ id, own, verdict: checkLinearizability(own, syncModel) }))
}

/**
 * Leaves out ids that may have been created again after a removal. On files, as everywhere in the service, an id is used
 * once: two first revisions of one second could not be told apart.
 */
function usedOnce(operations: History['operations']): History['operations'] {
  const creations = (own: readonly StorageOperation[]) =>
    own.filter(
      ({ call, answer }) => call.kind === 'create' && !(answer !== undefined && 'done' in answer && !answer.done),
    )
  return new Map([...operations].filter(([, own]) => creations(own).length < 2))
}

async function testHistory(t: Test, place: ClientOptions['place']): Promise<void> {
  const history = await record(t, place)
  const { answered, unanswered, kills, pauses } = history
  const operations = place.kind === 'file' ? usedOnce(history.operations) : history.operations
  t.comment(
    `seed ${SEED}: ${answered} calls answered, ${unanswered} not, on ${operations.size} ids, ${kills} kills, ${pauses} pauses`,
  )
  t.same(history.failures, [])
  t.ok(operations.size > ROUNDS && kills > 0 && pauses > 0, 'there is something to check')
  for (const { id, own, verdict } of verdicts(operations)) {
    t.equal(verdict, 'linearizable', id, verdict === 'linearizable' ? {} : { history: own })
  }
}

await t.test('the history of files is linearizable, through kills and pauses of its processes', async (t) => {
  await testHistory(t, { kind: 'file', directory: await aDirectory(t) })
})

await t.test('the history of Redis is', { skip: await whyNoRedis() }, async (t) => {
  await testHistory(t, { kind: 'redis', url: REDIS_URL, prefix: aPrefix(t) })
})

await t.test('the history of PostgreSQL is', { skip: await skipWithoutPostgres() }, async (t) => {
  await testHistory(t, { kind: 'postgres', url: POSTGRES_URL, schema: aSchema(t) })
})

await t.test('reads that are 30 ms behind are found out', async (t) => {
  const history = await record(t, { kind: 'file', directory: await aDirectory(t) }, 'stale')
  t.ok(verdicts(history.operations).some(({ verdict }) => verdict === 'not-linearizable'))
})
