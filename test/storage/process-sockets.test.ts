import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { ProcessSockets } from '../../src/storage/files/process-sockets.ts'
import { aDirectory } from '../support/service.ts'

const PROGRAM = fileURLToPath(new URL('listening-process.ts', import.meta.url))
const skip = process.platform !== 'linux' && 'sockets prove a death on Linux only'

/** As another container sees the processes of the first: nothing is known of their pids. */
const unknown = (self: string) => ({
  self,
  isGone: () => false,
  isOfThisBoot: (token: string) => token !== 'of-another-boot',
})

/** A process of another pid namespace, as far as its observers can tell. */
async function aListener(t: Test, folder: string, token: string) {
  const child = spawn(process.execPath, [PROGRAM, folder, token], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

t.test(
  'a process of another pid namespace counts as ended once it is killed, and never before',
  { skip },
  async (t) => {
    const folder = await aDirectory(t)
    const observer = new ProcessSockets(folder, unknown('observer'))
    const owner = await aListener(t, folder, 'owner')
    t.equal(await observer.hasEnded('owner'), false, 'while it runs')

    owner.kill('SIGSTOP')
    const [name = ''] = await readdir(folder)
    const waiting = Array.from({ length: 600 }, () => connect(join(folder, name)))
    const answers = await Promise.all(waiting.map((each) => once(each, 'connect').catch(({ code }) => code)))
    t.ok(answers.includes('EAGAIN'), 'as many wait as can')
    t.equal(await observer.hasEnded('owner'), false, 'while it is stopped')
    for (const each of waiting) each.destroy()

    const exited = once(owner, 'exit')
    owner.kill('SIGKILL')
    await exited
    t.equal(await observer.hasEnded('owner'), true, 'killed')
    t.equal(await observer.isOver(name), true)
    t.same(await readdir(folder), [name], 'what proves it stays, for others to see')
    t.equal(await new ProcessSockets(folder, unknown('another')).hasEnded('owner'), true)
  },
)

t.test(
  'what proves no death: no socket, another boot, another mount, no folder, a path too long',
  { skip },
  async (t) => {
    const folder = await aDirectory(t)
    const observer = new ProcessSockets(folder, unknown('observer'))
    t.equal(await observer.hasEnded('never-listened'), false)
    const gone = await aListener(t, folder, 'gone')
    const exited = once(gone, 'exit')
    gone.kill('SIGKILL')
    await exited
    t.equal(await observer.hasEnded('of-another-boot'), false)
    // Another mount of the same remote folder has another device number, as a copy on another file system has.
    const mount = await mkdtemp('/dev/shm/sheetsync-test-')
    t.teardown(() => rm(mount, { recursive: true }))
    spawnSync('cp', ['--archive', `${folder}/.`, mount])
    t.same(await readdir(mount), await readdir(folder))
    t.equal(await new ProcessSockets(mount, unknown('observer')).hasEnded('gone'), false)
    t.equal(await observer.hasEnded('gone'), true)
    t.equal(await new ProcessSockets(join(folder, 'absent'), unknown('observer')).hasEnded('gone'), false)

    const long = join(folder, 'x'.repeat(120))
    await mkdir(long)
    const far = new ProcessSockets(long, unknown('far'))
    await far.listen()
    t.same(await readdir(long), [], 'it starts all the same')
    t.equal(await observer.hasEnded('far'), false)
    await far.close()
  },
)

t.test('who ends by itself takes its socket along', { skip }, async (t) => {
  const folder = await aDirectory(t)
  const owner = new ProcessSockets(folder, unknown('owner'))
  const observer = new ProcessSockets(folder, unknown('observer'))
  await owner.listen()
  t.equal((await readdir(folder)).length, 1)
  t.equal(await observer.hasEnded('owner'), false)
  await owner.close()
  await owner.close()
  t.same(await readdir(folder), [])
  t.equal(await observer.hasEnded('owner'), false, 'nothing proves it any more')
})

t.test(
  'a file in the place of the folder, or a name that is taken, does not keep a process from starting',
  { skip },
  async (t) => {
    const folder = await aDirectory(t)
    const file = join(folder, 'file')
    await writeFile(file, '')
    await t.resolves(new ProcessSockets(file, unknown('x')).listen())
    const first = new ProcessSockets(folder, unknown('one'))
    const second = new ProcessSockets(folder, unknown('one'))
    await first.listen()
    await t.resolves(second.listen())
    await second.close()
    t.equal(await new ProcessSockets(folder, unknown('x')).hasEnded('one'), false, 'the first one stays')
    t.equal((await readdir(folder)).length, 2)
    await first.close()
  },
)
