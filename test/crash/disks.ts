import { type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../../src/errors.ts'
import { silentLog } from '../../src/ports/log.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { cancelSync, claimSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { COMPILED, UNCOMPILED } from './compile-cache.ts'

/**
 * `node test/crash/disks.ts`: real disks that are full, read-only, cut off or failing. Needs root and a few tools; what is
 * missing is skipped by name.
 */
const FAKETIME = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
].find((path) => existsSync(path))
const POWER_CUTS = Number(process.env.POWER_CUTS ?? 20)

/** A reason to leave a test out. */
class Missing extends Error {}

function need(...tools: string[]): void {
  if (process.getuid?.() !== 0) throw new Missing('needs root')
  for (const tool of tools) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) throw new Missing(`needs ${tool}`)
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'none'
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

async function openStorage(directory: string): Promise<FileStorage> {
  const storage = new FileStorage({ directory, clock: systemClock, log: silentLog })
  await storage.start()
  return storage
}

/** Runs the test on a mounted folder, and takes it off again. */
async function onMount(mount: (folder: string) => void, test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sheetsync-disk-'))
  mount(folder)
  try {
    await test(folder)
  } finally {
    // Lazily, for a test that failed has not closed its files.
    run('umount', '-l', folder)
    await rm(folder, { recursive: true })
  }
}

function mountTmpfs(size: string): (folder: string) => void {
  return (folder) => run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)
}

async function fullDisk(): Promise<void> {
  need('mount')
  await onMount(mountTmpfs('512k'), async (folder) => {
    const storage = await openStorage(join(folder, 'status'))
    const filler = join(folder, 'filler')
    await writeFile(filler, Buffer.alloc(200 * 1024))
    const stored = new Map<string, number>()
    let code = 'none'
    while (code === 'none') {
      const sync = aQueuedSync()
      code = await codeOf(storage.create(sync))
      if (code === 'none') stored.set(sync.id, 1)
    }
    expect(code === 'STORAGE_FULL', `a create on a full disk was ${code}`)
    const [first = ''] = stored.keys()
    const sync = await storage.get(first)
    if (sync === undefined) throw new Error('a read on a full disk found nothing')
    const replaced = claimSync(sync, 'an owner', new Date())
    const code2 = await codeOf(storage.replace(replaced, 1))
    expect(code2 === 'STORAGE_FULL', `a replace on a full disk was ${code2}`)
    expect((await codeOf(storage.checkWritable())) === 'STORAGE_FULL', 'a full disk was told to be writable')
    for (const [id, revision] of stored) expect((await storage.get(id))?.revision === revision, `${id} was lost`)
    expect((await readdir(join(folder, 'status/.tmp'))).length === 0, 'temporary files were left')
    await truncate(filler, 0)
    expect(await storage.replace(replaced, 1), 'no recovery after space was freed')
    await storage.create(aQueuedSync())
    await storage.close()
  })
}

async function readOnlyDisk(): Promise<void> {
  need('mount')
  await onMount(mountTmpfs('4m'), async (folder) => {
    const sync = aQueuedSync()
    const earlier = await openStorage(folder)
    await earlier.create(sync)
    await earlier.close()
    const storage = await openStorage(folder)
    await storage.list({ pageSize: 1 })
    run('mount', '-o', 'remount,ro', folder)
    for (const call of [
      () => storage.create(aQueuedSync()),
      () => storage.replace(claimSync(sync, 'an owner', new Date()), 1),
      () => storage.remove(sync.id, 1),
      () => storage.checkWritable(),
    ]) {
      const code = await codeOf(call())
      expect(code === 'STORAGE_UNAVAILABLE', `a write on a read-only disk was ${code}`)
    }
    expect((await storage.get(sync.id))?.revision === 1, 'a read on a read-only disk failed')
    run('mount', '-o', 'remount,rw', folder)
    expect(await storage.replace(claimSync(sync, 'an owner', new Date()), 1), 'no recovery after the remount')
    await storage.close()
  })
}

/** Stops a file system at once, as a power cut does: nothing more reaches the disk, the journal included. */
function cutPower(folder: string): void {
  // ioctl EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN, both _IOR('X', 125, __u32), with *_GOING_FLAGS_NOLOGFLUSH.
  run(
    'perl',
    '-e',
    'open(F, "<", $ARGV[0]) or die $!; my $f = pack("L", 2); ioctl(F, 0x8004587D, $f) or die $!',
    folder,
  )
}

function powerCuts(kind: 'ext4' | 'xfs'): () => Promise<void> {
  return async () => {
    need('perl', 'mount', `mkfs.${kind}`)
    const image = join(tmpdir(), `sheetsync-image-${process.pid}`)
    await writeFile(image, '')
    await truncate(image, 320 * 2 ** 20)
    run(`mkfs.${kind}`, '-q', image)
    const mount = (folder: string) => run('mount', '-o', 'loop', image, folder)
    const durable = new Map<string, number>()
    const gone = new Set<string>()
    for (let cut = 0; cut < POWER_CUTS; cut++) {
      await onMount(mount, async (folder) => {
        const directory = join(folder, 'status')
        await checkAfterCut(directory, durable, gone)
        await writeUntil(directory, cut, durable, gone, 100 + 40 * (cut % 10), () => cutPower(folder))
      })
    }
    await onMount(mount, (folder) => checkAfterCut(join(folder, 'status'), durable, gone))
    await rm(image)
    expect(durable.size > 10, `only ${durable.size} syncs were written`)
  }
}

async function checkAfterCut(
  directory: string,
  durable: ReadonlyMap<string, number>,
  gone: ReadonlySet<string>,
): Promise<void> {
  const storage = await openStorage(directory)
  for (const [id, revision] of durable) {
    const found = await storage.get(id)
    if (found === undefined) expect(gone.has(id), `${id} is gone after a power cut`)
    else expect(found.revision >= revision, `${id} fell from ${revision} to ${found.revision} in a power cut`)
  }
  const { quarantined } = await storage.cleanup(new Date(0))
  expect(quarantined.length === 0, `${quarantined} was unreadable after a power cut`)
  await storage.close()
}

/** Lets a process write until the disk is cut off, and notes what it was told to be durable. */
async function writeUntil(
  directory: string,
  seed: number,
  durable: Map<string, number>,
  gone: Set<string>,
  delayMs: number,
  cut: () => void,
): Promise<void> {
  const child = spawnWriter(directory, seed)
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const closed = once(lines, 'close')
  lines.on('line', (line) => {
    const [what, id = '', revision, how] = line.split(' ')
    if (what === '+') durable.set(id, Math.max(1, durable.get(id) ?? 0))
    if (what === '=' && how === 'durable') durable.set(id, Math.max(Number(revision), durable.get(id) ?? 0))
    if (what === '?') gone.add(id)
    if (what === '!') throw new Error(line)
  })
  await once(lines, 'line')
  await delay(delayMs)
  // A power cut stops the processor as well. A process that goes on is told of a success that there was not: XFS answers 0
  // to an fsync of a folder whose changes its shutdown has dropped (xfs_dir_fsync does not look for one).
  child.kill('SIGSTOP')
  cut()
  child.kill('SIGKILL')
  await Promise.all([ended, closed])
}

function spawnWriter(directory: string, seed: number, options: SpawnOptions = {}) {
  const writer = new URL('./kill-writer.ts', import.meta.url).pathname
  return spawn(process.execPath, [writer, directory, String(seed)], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: COMPILED,
  })
}

/**
 * Errors that the kernel itself seems to report, in the middle of a short life. Only calls that Node makes for nothing
 * else; the others (open, write, close) are failed through an injected file system in test/storage/faults.long.ts.
 */
async function injectedErrors(): Promise<void> {
  need('strace')
  if (spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status !== 0)
    throw new Missing('strace may not trace here')
  const folder = await mkdtemp(join(tmpdir(), 'sheetsync-strace-'))
  const trace = join(folder, 'trace')
  const life = new URL('./short-life.ts', import.meta.url).pathname
  for (const call of ['fsync', 'rename', 'link', 'unlink', 'utimensat']) {
    for (const errno of ['EIO', 'ENOSPC']) {
      for (const when of ['2+3', '3..6']) {
        const what = `${errno} in ${call}, ${when}`
        const { stdout, stderr, status } = spawnSync(
          'strace',
          [
            ...['-f', '-o', trace, '-e', 'signal=none', '-e', `trace=${call}`],
            ...['-e', `inject=${call}:error=${errno}:when=${when}`],
            ...[process.execPath, life, await mkdtemp(join(folder, 'status-'))],
          ],
          { encoding: 'utf8', env: UNCOMPILED },
        )
        expect(status === 0, `${what}: ${stdout} ${stderr}`)
        expect((await readFile(trace, 'utf8')).includes('(INJECTED)'), `${what}: nothing was injected`)
      }
    }
  }
  await rm(folder, { recursive: true })
}

async function skewedClocks(): Promise<void> {
  if (FAKETIME === undefined) throw new Missing('needs libfaketime')
  const directory = await mkdtemp(join(tmpdir(), 'sheetsync-skew-'))
  const storage = await openStorage(directory)
  const live = aQueuedSync()
  await storage.create(live)
  const finished = aQueuedSync()
  await storage.create(finished)
  await storage.replace(cancelSync(finished, new Date(), 300_000), 1)
  for (const skew of ['+10m', '-1h']) {
    const life = new URL('./short-life.ts', import.meta.url).pathname
    const { status, stdout, stderr } = spawnSync(process.execPath, [life, directory], {
      encoding: 'utf8',
      env: { ...process.env, LD_PRELOAD: FAKETIME, FAKETIME: skew, FAKETIME_DONT_FAKE_MONOTONIC: '1' },
    })
    expect(status === 0, `${skew}: ${stdout} ${stderr}`)
    expect((await storage.get(live.id))?.revision === 1, `a live sync was touched by a clock at ${skew}`)
  }
  await storage.close()
  await rm(directory, { recursive: true })
}

const TESTS: readonly (readonly [string, () => Promise<void>])[] = [
  ['a full disk: honest errors, whole records, recovery without a restart', fullDisk],
  ['a disk remounted read-only: reads go on, writes say why, recovery without a restart', readOnlyDisk],
  [`${POWER_CUTS} power cuts on ext4: what was durable is there, and nothing is torn`, powerCuts('ext4')],
  [`${POWER_CUTS} power cuts on XFS: what was durable is there, and nothing is torn`, powerCuts('xfs')],
  ['errors injected by strace: the old or the new state, and recovery without a restart', injectedErrors],
  ['clocks 10 minutes ahead and an hour behind: nothing live is deleted, revisions grow', skewedClocks],
]

let passed = 0
let failed = 0
let skipped = 0
for (const [name, test] of TESTS) {
  const began = performance.now()
  try {
    await test()
    passed++
    process.stdout.write(`passed: ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)\n`)
  } catch (error) {
    if (error instanceof Missing) {
      skipped++
      process.stdout.write(`skipped: ${name}: ${error.message}\n`)
    } else {
      failed++
      process.stdout.write(`failed: ${name}: ${error instanceof Error ? error.stack : String(error)}\n`)
    }
  }
}
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exitCode = failed === 0 ? 0 : 1
