import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import { aDirectory, anEmulator, aService, ROOT } from '../support/service.ts'

/** Runs a program without the hooks that tap puts into the environment of any child: TypeScript 7 does not start with them. */
async function run(program: string, parameters: readonly string[], cwd: string = ROOT): Promise<string> {
  const { PATH, HOME } = process.env
  const clean = ['-i', `PATH=${PATH}`, `HOME=${HOME}`, program, ...parameters]
  return (await promisify(execFile)('env', clean, { cwd })).stdout
}

const CONSUMER = `
import { type Client, createClient, revisionTag, SheetsyncError, type Sync } from '@sheetsync/client'

declare const process: { readonly argv: readonly string[] }
const [, , baseUrl = '', spreadsheet = ''] = process.argv
const sheetsync: Client = createClient({ baseUrl })
const { id } = await sheetsync.startSync({ spreadsheet, formats: ['json', 'csv'] })
const sync: Sync = await sheetsync.waitForSync(id, { signal: AbortSignal.timeout(60_000) })
const rows = await sheetsync.readTab<Record<string, string>>(sync.spreadsheet.id, 'gid:0')
const text: string = await sheetsync.readTab(sync.spreadsheet.id, 'gid:0', { format: 'csv' })
const stale: string = await sheetsync
  .deleteSync(id, { ifMatch: revisionTag({ revision: sync.revision - 1 }) })
  .then(() => 'deleted', (error: unknown) => (error instanceof SheetsyncError ? (error.problem?.code ?? '') : ''))
await sheetsync.deleteSync(id, { ifMatch: revisionTag(sync) })
// @ts-expect-error: such a state there is none
if (sync.state === 'finished') throw new Error()
console.log(JSON.stringify({ state: sync.state, rows: rows.length, text: text.length, stale }))
`

/** Packs a copy of `client/` as `npm pack` does for its users. */
async function aTarball(t: Test): Promise<string> {
  const directory = await aDirectory(t)
  const client = `${directory}/client`
  await mkdir(client)
  for (const name of await readdir(`${ROOT}client`)) {
    if (name === 'node_modules') await symlink(`${ROOT}client/${name}`, `${client}/${name}`)
    else if (name !== 'dist') await cp(`${ROOT}client/${name}`, `${client}/${name}`, { recursive: true })
  }
  await symlink(`${ROOT}node_modules`, `${directory}/node_modules`)
  await run('npm', ['pack', '--silent', '--pack-destination', directory], client)
  const { version } = JSON.parse(await readFile(`${client}/package.json`, 'utf8'))
  return `${directory}/sheetsync-client-${version}.tgz`
}

t.test('the tarball of the client is all that a project needs', { timeout: 110_000 }, async (t) => {
  const tarball = await aTarball(t)
  const project = await aDirectory(t)
  const installed = `${project}/node_modules/@sheetsync/client`
  await mkdir(installed, { recursive: true })
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
  for (const name of ['openapi-fetch', 'openapi-typescript-helpers']) {
    await cp(`${ROOT}node_modules/${name}`, `${project}/node_modules/${name}`, { recursive: true })
  }

  await t.test('it holds what was built, its README and the license, and nothing else', async (t) => {
    t.same((await readdir(installed)).sort(), ['LICENSE', 'README.md', 'dist', 'package.json'])
    t.equal(await readFile(`${installed}/LICENSE`, 'utf8'), await readFile(`${ROOT}LICENSE`, 'utf8'))
    const built = await readdir(`${installed}/dist`)
    t.same(
      built.filter((name) => !/\.(?:js|d\.ts)$/.test(name)),
      [],
    )
    for (const name of built.filter((name) => name.endsWith('.js'))) {
      const code = await readFile(`${installed}/dist/${name}`, 'utf8')
      const imported = [...code.matchAll(/from '([^']+)'/g)].map(([, from = '']) => from)
      t.same(
        imported.filter((from) => !/^\.\/[a-z-]+\.js$/.test(from) && from !== 'openapi-fetch'),
        [],
        `${name} imports nothing that a browser has not`,
      )
    }
  })

  await writeFile(`${project}/package.json`, '{"type":"module"}')
  await writeFile(`${project}/consumer.ts`, CONSUMER)
  const compilers = {
    'TypeScript 7': `${ROOT}node_modules/.bin/tsc`,
    'TypeScript 5': `${ROOT}client/node_modules/.bin/tsc`,
  }
  for (const [compiler, program] of Object.entries(compilers)) {
    for (const resolution of ['bundler', 'nodenext', 'node16']) {
      await t.test(`${compiler} finds its types with moduleResolution ${resolution}`, async () => {
        const options = {
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          // The types of the tarball are checked, those that come with TypeScript are not.
          skipDefaultLibCheck: true,
          module: resolution === 'bundler' ? 'esnext' : resolution,
          moduleResolution: resolution,
          target: 'es2022',
          lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'],
          types: [],
          outDir: 'built',
        }
        await writeFile(
          `${project}/tsconfig.json`,
          JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }),
        )
        await run(program, ['-p', project]).catch((error: { stdout?: string; stderr?: string }) => {
          throw new Error(`${error.stdout}${error.stderr}`)
        })
      })
    }
  }

  await t.test('what was compiled runs against the service', async (t) => {
    const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks` })
    const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
    const program = [`${project}/built/consumer.js`, url, SAMPLE_SPREADSHEET_ID]
    const answer = await run(process.execPath, program)
    t.match(JSON.parse(answer), { state: 'succeeded', rows: Number, text: Number, stale: 'PRECONDITION_FAILED' })
  })
})
