import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { aServiceProcess, environmentFor } from './support/service.ts'
import { testFolder } from './support/test-folder.ts'

const LAUNCHER = ['src/start.mjs']

/** Starts the service in a folder and stops it; resolves to the names in what it keeps compiled, if that is there. */
async function startAndStop(t: Test, directory: string): Promise<string[] | undefined> {
  // Not the cache of the tests.
  const service = await aServiceProcess(t, { ...environmentFor(directory), NODE_COMPILE_CACHE: '' }, LAUNCHER)
  t.equal((await fetch(`${service.url}/livez`)).status, 200)
  t.equal(await service.end('SIGTERM'), 0)
  return readdir(`${directory}/sync-status/.compile-cache`, { recursive: true }).catch(() => undefined)
}

/** A folder whose status folder is there, with these permissions. */
async function aFolder(t: Test, mode: number): Promise<string> {
  const directory = testFolder(t, { 'sync-status': {} })
  await chmod(directory, 0o700)
  await chmod(`${directory}/sync-status`, mode)
  return directory
}

t.test('what a start has compiled is kept for the next, in a folder that is closed to others', async (t) => {
  const directory = await aFolder(t, 0o700)
  const kept = (await startAndStop(t, directory)) ?? []
  t.ok(kept.length > 100, `${kept.length} files`)
  t.equal((await stat(`${directory}/sync-status/.compile-cache`)).mode & 0o777, 0o700)
  const again = (await startAndStop(t, directory)) ?? []
  t.ok(again.length >= kept.length)
})

t.test('the first start of all makes no folder of its own before the settings are known to be right', async (t) => {
  const directory = testFolder(t)
  const environment = { ...environmentFor(directory), PORT: 'many' }
  await t.rejects(aServiceProcess(t, environment, LAUNCHER), /PORT/)
  t.same(await readdir(directory), [])
})

t.test('nothing is kept or used where others could put something else in its place', async (t) => {
  await t.test('as they may write in the folder', async (t) => {
    t.equal(await startAndStop(t, await aFolder(t, 0o770)), undefined)
  })
  await t.test('or in the folder above', async (t) => {
    const directory = await aFolder(t, 0o700)
    await chmod(directory, 0o777)
    t.equal(await startAndStop(t, directory), undefined)
  })
  await t.test('as they may write in the cache itself', async (t) => {
    const directory = await aFolder(t, 0o700)
    await mkdir(`${directory}/sync-status/.compile-cache`)
    await chmod(`${directory}/sync-status/.compile-cache`, 0o777)
    t.same(await startAndStop(t, directory), [])
  })
  await t.test('or it is a link to somewhere else', async (t) => {
    const directory = await aFolder(t, 0o700)
    await mkdir(`${directory}/elsewhere`)
    await symlink(`${directory}/elsewhere`, `${directory}/sync-status/.compile-cache`)
    t.same(await startAndStop(t, directory), [])
  })
})

t.test('the service starts although nothing can be kept', async (t) => {
  const directory = await aFolder(t, 0o700)
  await writeFile(`${directory}/sync-status/.compile-cache`, 'somebody else has the name')
  await startAndStop(t, directory)
})

t.test('what is torn is compiled anew', async (t) => {
  const directory = await aFolder(t, 0o700)
  const folder = `${directory}/sync-status/.compile-cache`
  for (const name of (await startAndStop(t, directory)) ?? []) {
    const path = `${folder}/${name}`
    if ((await stat(path)).isFile()) await writeFile(path, 'torn')
  }
  t.ok(((await startAndStop(t, directory)) ?? []).length > 100)
})
