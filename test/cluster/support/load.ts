import { readdir, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { tabFromRows, type Workbook } from '../../../emulator/workbook.ts'
import type { SyncView } from '../../../src/model/sync-view.ts'
import { Random } from '../../crash/simulation/random.ts'
import { anOwnServer, type OwnServer } from '../../support/own-servers.ts'
import type { ServerKind } from '../../support/queue-servers.ts'
import { anEmulator } from '../../support/service.ts'
import { nothingSeen, pollUntilEnded, postUntilAccepted, type Seen, text } from './client.ts'
import { aCluster, type Cluster } from './cluster.ts'

const WORKBOOKS = 20
const SYNCS = Number(process.env.CLUSTER_SYNCS ?? 500)
const CLIENTS = 100
const SEED = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)
const HEADER = ['Name', 'Number', 'Note']

/** Milliseconds that an answer may take: the two of the contract, and as much again for a machine that is busy. */
const SLOWEST_MS = 4000

/**
 * CLUSTER_SYNCS syncs (default 500) posted to either API and polled on the other while workers are killed at random and the server of
 * all is stopped, restarted and hung: every one must end well, with exact rows, published once.
 */
export async function loadACluster(t: Test, kind: ServerKind): Promise<void> {
  const random = new Random(SEED)
  t.comment(`seed ${SEED} (CLUSTER_SEED)`)
  const server = await anOwnServer(t, kind)
  const workbooks = Array.from({ length: WORKBOOKS }, (_, number) => aWorkbook(number))
  const emulator = await anEmulator(t, { workbooks, latency: { baseMs: 300 } })
  const cluster = await aCluster(t, { storageUrl: server.url, rootUrl: emulator.rootUrl, apis: 2, workers: 2 })
  const seen = nothingSeen()
  const calm = new AbortController()
  const before = performance.now()
  const chaos = Promise.all([
    killWorkers(t, cluster, random, calm.signal),
    troubleServer(t, server, random, calm.signal),
  ])
  const syncs = await runSyncs(seen, cluster, workbooks)
  t.comment(`${SYNCS} syncs in ${((performance.now() - before) / 1000).toFixed(0)} s`)
  calm.abort()
  await chaos

  t.same(
    syncs.filter(({ state }) => state !== 'succeeded').map(({ id, state, error }) => ({ id, state, error })),
    [],
    'every sync succeeded',
  )
  t.comment(`${syncs.filter(({ attempt }) => attempt > 1).length} of them were resumed by another owner`)
  t.same(
    seen.wrong,
    [],
    `nothing was answered that should not be: ${JSON.stringify(Object.fromEntries(seen.statuses))}`,
  )
  t.ok(seen.slowest < SLOWEST_MS, `the slowest answer took ${Math.round(seen.slowest)} ms`)
  await rowsAreExact(t, seen, cluster, syncs)
  await publishedOnce(t, cluster, syncs)
  await nothingActive(t, seen, cluster)
  t.same(await cluster.stop(), Array(4).fill(0), 'all stop when they are asked')
}

function aWorkbook(number: number): Workbook & { readonly rows: readonly (readonly (string | number)[])[] } {
  const rows = Array.from({ length: 50 }, (_, row) => [`name ${number}.${row}`, row * 1.5, `"${row}", é`])
  return {
    id: `1Cluster-${String(number).padStart(35, '0')}`,
    title: `Cluster ${number}`,
    tabs: [tabFromRows(0, 'People', [HEADER, ...rows])],
    rows,
  }
}

async function runSyncs(seen: Seen, { apis }: Cluster, workbooks: readonly Workbook[]): Promise<SyncView[]> {
  const ended: SyncView[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (next < SYNCS) {
        const number = next++
        const [one, other] = number % 2 === 0 ? [apis[0], apis[1]] : [apis[1], apis[0]]
        const spreadsheet = workbooks[number % workbooks.length]?.id
        const sync = await postUntilAccepted(seen, one?.url ?? '', { spreadsheet, ifActive: 'start' })
        ended.push(await pollUntilEnded(seen, other?.url ?? '', sync.id, 1000))
      }
    }),
  )
  return ended
}

async function killWorkers(t: Test, cluster: Cluster, random: Random, calm: AbortSignal): Promise<void> {
  let kills = 0
  // A death is known only to who has looked for 26 s; where nobody lives that long, nothing can be taken over.
  while (await pause(10_000 + random.below(15_000), calm)) {
    await cluster.killWorker(random.below(cluster.workers))
    kills += 1
  }
  t.comment(`${kills} workers were killed`)
}

async function troubleServer(t: Test, server: OwnServer, random: Random, calm: AbortSignal): Promise<void> {
  const done: string[] = []
  const troubles = [
    ['stopped for 3 s', () => server.stop(), 3000, () => server.start()],
    ['hung for 5 s', () => server.hang(), 5000, () => server.resume()],
    ['restarted', () => server.stop(), 0, () => server.start()],
    ['hung for 15 s', () => server.hang(), 15_000, () => server.resume()],
  ] as const
  // A short run has not time for all of them.
  for (let turn = random.below(troubles.length); await pause(10_000, calm); turn++) {
    const [name, begin, ms, end] = troubles[turn % troubles.length] ?? troubles[0]
    await begin()
    await delay(ms)
    await end()
    done.push(name)
  }
  t.comment(`the server was ${done.join(', ')}`)
}

/** Resolves to whether there is still something to disturb. */
async function pause(ms: number, calm: AbortSignal): Promise<boolean> {
  await delay(ms, undefined, { signal: calm }).catch((error: unknown) => {
    if (!calm.aborted) throw error
  })
  return !calm.aborted
}

async function rowsAreExact(t: Test, seen: Seen, { apis }: Cluster, syncs: readonly SyncView[]): Promise<void> {
  let exact = 0
  for (const { id, spreadsheet, tabs } of syncs) {
    const name = tabs[0]?.files[0]?.name ?? ''
    const got = JSON.parse(await text(seen, `${apis[1]?.url}/syncs/${id}/files/${encodeURIComponent(name)}`))
    const number = Number(spreadsheet.id.slice(-3))
    const want = aWorkbook(number).rows.map((row) => Object.fromEntries(HEADER.map((column, at) => [column, row[at]])))
    if (JSON.stringify(got) === JSON.stringify(want)) exact += 1
  }
  t.equal(exact, syncs.length, 'all rows are exact')
}

async function publishedOnce(t: Test, { snapshots }: Cluster, syncs: readonly SyncView[]): Promise<void> {
  const published: string[] = []
  const early: string[] = []
  for (const spreadsheet of await readdir(snapshots)) {
    if (spreadsheet.startsWith('.')) continue
    for (const id of await readdir(`${snapshots}/${spreadsheet}`)) {
      published.push(id)
      // A second publication would have put a newer manifest in the place of the one that was announced.
      const end = syncs.find((sync) => sync.id === id)?.finishedAt
      const { mtimeMs } = await stat(`${snapshots}/${spreadsheet}/${id}/manifest.json`)
      if (end != null && mtimeMs > Date.parse(end) + 1000) early.push(id)
    }
  }
  const missing = syncs.filter(({ id }) => !published.includes(id))
  t.same(missing, [], 'each has its snapshot')
  t.equal(new Set(published).size, published.length, 'one snapshot each')
  t.same(early, [], 'none was published again after its end')
}

/** A post that was told 503 may have been recorded all the same; that sync, too, must have ended or end. */
async function nothingActive(t: Test, seen: Seen, { apis }: Cluster): Promise<void> {
  const url = apis[0]?.url ?? ''
  const active = JSON.parse(await text(seen, `${url}/syncs?state=queued,running,interrupted,cancelling&pageSize=1000`))
  for (const { id } of active.syncs as SyncView[]) await pollUntilEnded(seen, url, id, 500)
  t.pass(`${active.syncs.length} syncs of posts that were told 503 have ended too`)
}
