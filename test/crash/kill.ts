import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { isSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { readText } from '../../src/storage/files/record-format.ts'
import { systemClock } from '../../src/system-clock.ts'
import { COMPILED } from './compile-cache.ts'
import { Random } from './simulation/random.ts'

/**
 * `node test/crash/kill.ts`: SIGKILL at random moments, CRASH_KILLS times (default 1,000), for SEED. Several processes at a
 * time write to one directory, and what they were told is held against what the disk says.
 */
const KILLS_PER_DIRECTORY = 50
const PROCESSES = 4
/** Milliseconds that a process lives at most, from its first write on. */
const LIFE_MS = 80

/** What the processes were told of the syncs in one directory. */
interface Told {
  readonly revisions: Map<string, number>
  readonly removalTried: Set<string>
  readonly removed: Set<string>
  readonly complaints: string[]
}

async function writeUntilKilled(directory: string, seed: number, told: Told): Promise<void> {
  const writer = new URL('./kill-writer.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [writer, directory, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: COMPILED,
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => note(line, told))
  const ended = once(lines, 'close')
  await Promise.race([once(lines, 'line'), exited])
  await delay(new Random(seed).next() * LIFE_MS)
  child.kill('SIGKILL')
  await Promise.all([exited, ended])
}

function note(line: string, { revisions, removalTried, removed, complaints }: Told): void {
  const [what, id = '', revision] = line.split(' ')
  if (!isSyncId(id)) complaints.push(line)
  else if (what === '+') revisions.set(id, Math.max(1, revisions.get(id) ?? 0))
  else if (what === '=') revisions.set(id, Math.max(Number(revision), revisions.get(id) ?? 0))
  else if (what === '?') removalTried.add(id)
  else if (what === '-') removed.add(id)
}

/** Reads every file again and again, past the storage, as `cat` or `zcat` would; complains about any that is not whole. */
async function readMeanwhile(directory: string, told: Told, signal: AbortSignal): Promise<number> {
  let reads = 0
  while (!signal.aborted) {
    for (const name of (await readdir(directory)).filter((name) => name.endsWith('.json')).slice(-20)) {
      try {
        JSON.parse(await readText(await readFile(join(directory, name))))
        reads++
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') told.complaints.push(`torn: ${name}: ${String(error)}`)
      }
    }
    await delay(5)
  }
  return reads
}

async function check(directory: string, told: Told): Promise<void> {
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
  await storage.start()
  const { quarantined } = await storage.cleanup(new Date(0))
  if (quarantined.length > 0) told.complaints.push(`unreadable: ${quarantined.join(', ')}`)
  for (const [id, revision] of told.revisions) {
    const found = await storage.get(id)
    if (found === undefined && !told.removalTried.has(id)) told.complaints.push(`lost: ${id}`)
    if (found !== undefined && told.removed.has(id)) told.complaints.push(`came back: ${id}`)
    if (found !== undefined && found.revision < revision) {
      told.complaints.push(`went back: ${id} from ${revision} to ${found.revision}`)
    }
  }
  await storage.close()
  for (const folder of ['.tmp', '.claims', '.leases', 'quarantine']) {
    for (const name of await readdir(join(directory, folder))) told.complaints.push(`left over: ${folder}/${name}`)
  }
}

async function oneDirectory(first: number, kills: number): Promise<{ complaints: readonly string[]; figures: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'sheetsync-kill-'))
  const told: Told = { revisions: new Map(), removalTried: new Set(), removed: new Set(), complaints: [] }
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
  await storage.start()
  await storage.close()
  const reading = new AbortController()
  const reader = readMeanwhile(directory, told, reading.signal)
  let next = first
  async function worker(): Promise<void> {
    while (next < first + kills) await writeUntilKilled(directory, next++, told)
  }
  await Promise.all(Array.from({ length: PROCESSES }, worker))
  reading.abort()
  const reads = await reader
  await check(directory, told)
  await rm(directory, { recursive: true })
  return {
    complaints: told.complaints,
    figures: `${told.revisions.size} syncs, ${sum(told.revisions.values())} revisions, ${reads} reads`,
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}

const kills = Number(process.env.CRASH_KILLS ?? 1000)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000)
const began = performance.now()
let failed = 0
let passed = 0
for (let first = seed; first < seed + kills; first += KILLS_PER_DIRECTORY) {
  const count = Math.min(KILLS_PER_DIRECTORY, seed + kills - first)
  const { complaints, figures } = await oneDirectory(first, count)
  for (const complaint of complaints) process.stdout.write(`failed: SEED=${first} CRASH_KILLS=${count}: ${complaint}\n`)
  if (complaints.length === 0) passed += count
  else failed += count
  process.stdout.write(`${count} kills from SEED=${first}: ${figures}\n`)
}
process.stdout.write(`SIGKILL at random moments, SEED=${seed}: ${((performance.now() - began) / 1000).toFixed(0)} s\n`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
