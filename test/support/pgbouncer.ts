import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePort, postgresUser } from './own-servers.ts'
import { failInCi } from './postgres.ts'
import type { Endable } from './service.ts'

/** Debian puts it where a user's PATH does not lead. */
const PATH = `${process.env.PATH}:/usr/sbin`

/** Why tests that start a PgBouncer are skipped; false where they can. */
export async function skipWithoutPgBouncer(): Promise<string | false> {
  try {
    await promisify(execFile)('pgbouncer', ['--version'], { env: { PATH } })
    return false
  } catch (error) {
    return failInCi(`there is no pgbouncer on this machine: ${String(error)}`)
  }
}

/** A PgBouncer before that server, which ends with the test; resolves to the URL that leads through it. */
export async function aPgBouncer(t: Endable, serverUrl: string, settings: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(`${tmpdir()}/sheetsync-pgbouncer-`)
  const { uid, gid } = await postgresUser()
  const server = new URL(serverUrl)
  const port = await freePort()
  const lines = Object.entries({
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'any',
    ...settings,
  })
  await writeFile(
    `${directory}/pgbouncer.ini`,
    [
      '[databases]',
      `* = host=${server.hostname} port=${server.port} user=${server.username}`,
      '[pgbouncer]',
      ...lines.map(([name, value]) => `${name} = ${value}`),
    ].join('\n'),
  )
  await chown(directory, uid, gid)
  const as = { uid, gid, cwd: directory, env: { PATH } }
  const child = spawn('pgbouncer', ['pgbouncer.ini'], { ...as, stdio: 'ignore' })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exited
    await rm(directory, { recursive: true, force: true })
  })
  const url = new URL(serverUrl)
  url.port = String(port)
  for (let tries = 0; !(await accepts(url.href)); tries++) {
    if (child.exitCode !== null || tries === 200) throw new Error('pgbouncer did not start')
    await delay(25)
  }
  return url.href
}

async function accepts(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false
    throw error
  } finally {
    await client.end()
  }
}
