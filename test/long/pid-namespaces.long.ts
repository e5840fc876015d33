import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import { syntheticTab } from '../../emulator/workbook.ts'
import {
  aDirectory,
  anEmulator,
  environmentFor,
  finished,
  getSync,
  pollUntil,
  ROOT,
  startSync,
} from '../support/service.ts'

// What two containers that share a volume are to each other: processes of one kernel whose pids mean nothing to the other.

const ID = '1Namespaces-0123456789_abcdefghijklmnopqrstu'
const ROWS = 20_000
const canUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0
const skip = !canUnshare && 'no right to make a pid namespace'

/** The service as pid 1 of a pid namespace of its own. */
async function aContainer(t: Test, environment: Record<string, string>): Promise<{ url: string; child: ChildProcess }> {
  const service = ['--kill-child', process.execPath, 'src/server.ts']
  const child = spawn('unshare', ['--pid', '--fork', '--mount-proc', ...service], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /"Sheetsync answers at (http[^"]+)"/.exec(line) ?? []
    if (url === undefined) continue
    child.stdout.resume()
    return { url, child }
  }
  throw new Error('it ended')
}

async function aRunningSync(t: Test) {
  const tab = syntheticTab({ gid: 0, title: 'Many', rows: ROWS, columns: 10, kind: 'mixed' })
  const emulator = await anEmulator(t, {
    workbooks: [{ id: ID, title: 'Moved', tabs: [tab] }],
  })
  emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { kind: 'hang' } })
  const environment = { ...environmentFor(await aDirectory(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const owner = await aContainer(t, environment)
  const { id } = await startSync(owner.url, { spreadsheet: ID, formats: ['ndjson'] })
  await pollUntil(owner.url, id, (sync) => sync.progress.phase === 'downloading')
  return { environment, owner, id, emulator }
}

/** Kills the whole namespace, as a container is killed. */
async function kill({ child }: { child: ChildProcess }): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function assertTakenOver(t: Test, url: string, id: string, emulator: Emulator): Promise<void> {
  const asked = performance.now()
  await pollUntil(url, id, (sync) => sync.attempt === 2)
  const seconds = (performance.now() - asked) / 1000
  t.comment(`taken over after ${seconds.toFixed(1)} s`)
  // A look at the active syncs every 2 s, on a busy machine; the lease alone takes 26 s.
  t.ok(seconds < 8, `taken over after ${seconds.toFixed(1)} s`)
  emulator.clearFaults()
  t.match(await pollUntil(url, id, finished), { state: 'succeeded', attempt: 2, tabs: [{ rows: ROWS - 1 }] })
}

t.test('a container that is killed and started again goes on at once', { skip, timeout: 180_000 }, async (t) => {
  const { environment, owner, id, emulator } = await aRunningSync(t)
  // Holds a namespace, so that the next one has another number than the one that died.
  const other = spawn('unshare', ['--pid', '--fork', '--kill-child', 'sleep', '600'])
  t.teardown(() => other.kill('SIGKILL'))
  await kill(owner)
  const again = await aContainer(t, environment)
  await assertTakenOver(t, again.url, id, emulator)
})

t.test(
  'another container leaves a live one its sync, and takes it over at once when that is killed',
  { skip, timeout: 180_000 },
  async (t) => {
    const { environment, owner, id, emulator } = await aRunningSync(t)
    const other = await aContainer(t, environment)
    // Three looks at the active syncs, which are 2 s apart.
    await delay(6000)
    t.match(await getSync(other.url, id), { attempt: 1 })
    await kill(owner)
    await assertTakenOver(t, other.url, id, emulator)
  },
)
