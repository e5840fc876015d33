import { setTimeout as delay } from 'node:timers/promises'
import { nothingSeen, pollUntilEnded, postUntilAccepted } from '../test/cluster/support/client.ts'
import { aCluster } from '../test/cluster/support/cluster.ts'
import { anOwnServer } from '../test/support/own-servers.ts'
import { isThere, type ServerKind } from '../test/support/queue-servers.ts'
import { startEmulatorProcess } from './download/processes.ts'
import { say } from './measure.ts'

/**
 * Syncs a second of one service on 1, 2 and 4 workers, each of which runs four at once, before an emulator that answers
 * after 250 ms. What a sync waits for is Google, so twice the workers ought to be twice as fast until a core is full.
 */
const LATENCY_MS = 250
const SYNCS_PER_WORKER = Number(process.env.BENCH_SYNCS ?? 100)
const SPREADSHEETS = 10

const spreadsheets = Array.from({ length: SPREADSHEETS }, (_, number) => `cluster-${number}`)
const emulator = await startEmulatorProcess([
  ...['--latency', String(LATENCY_MS)],
  ...spreadsheets.flatMap((id) => ['--synthetic', `${id}:200x8`]),
])
try {
  for (const kind of ['redis', 'postgres'] as const) {
    if (!(await isThere(kind))) {
      say(`${kind}: not here`)
      continue
    }
    let alone: number | undefined
    for (const workers of [1, 2, 4]) {
      const rate = await syncsPerSecond(kind, workers)
      alone ??= rate
      say(
        `${kind}, ${workers} workers: ${rate.toFixed(1)} syncs a second, ${(rate / alone).toFixed(2)} times one worker`,
      )
    }
  }
} finally {
  await emulator.stop()
}

async function syncsPerSecond(kind: ServerKind, workers: number): Promise<number> {
  const ends: (() => unknown)[] = []
  const endable = { teardown: (end: () => unknown) => void ends.unshift(end) }
  try {
    const server = await anOwnServer(endable, kind)
    const environment = { SNAPSHOTS_KEPT: '1', LOG_LEVEL: 'info' }
    const cluster = await aCluster(endable, {
      storageUrl: server.url,
      rootUrl: emulator.rootUrl,
      apis: 1,
      workers,
      environment,
    })
    const url = cluster.apis[0]?.url ?? ''
    // The first syncs of a process load what the later ones find loaded.
    await runSyncs(url, 4 * workers)
    await delay(1000)
    const count = SYNCS_PER_WORKER * workers
    const before = performance.now()
    await runSyncs(url, count)
    const rate = count / ((performance.now() - before) / 1000)
    await cluster.stop()
    return rate
  } finally {
    for (const end of ends) await end()
  }
}

async function runSyncs(url: string, count: number): Promise<void> {
  const seen = nothingSeen()
  const posted = await Promise.all(
    Array.from({ length: count }, (_, number) =>
      postUntilAccepted(seen, url, { spreadsheet: spreadsheets[number % SPREADSHEETS], ifActive: 'start' }),
    ),
  )
  // The oldest end first, so few of these polls ever find a sync that is not done.
  for (const { id } of posted) {
    const { state, error } = await pollUntilEnded(seen, url, id, 100)
    if (state !== 'succeeded') throw new Error(`sync ${id} ${state}: ${JSON.stringify(error)}`)
  }
}
