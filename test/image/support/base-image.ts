import { execFile } from 'node:child_process'
import { cp, mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

/**
 * Makes what the official image of Node is, as far as the Dockerfile needs it: Debian 12, this Node, npm and the user `node`
 * (uid 1000). From Debian's mirror, for machines that reach no registry of images.
 */
export async function makeBaseFolder(folder: string): Promise<void> {
  await run('debootstrap', ['--variant=minbase', 'bookworm', folder, 'http://deb.debian.org/debian'])
  const local = join(folder, 'usr/local')
  await mkdir(join(local, 'lib/node_modules'), { recursive: true })
  await cp(await realpath(process.execPath), join(local, 'bin/node'))
  const { stdout } = await run('which', ['npm'])
  // …/npm/bin/npm-cli.js
  await cp(dirname(dirname(await realpath(stdout.trim()))), join(local, 'lib/node_modules/npm'), { recursive: true })
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'))
  // A network with a certificate authority of its own stays one.
  await mkdir(join(folder, dirname(CERTIFICATES)), { recursive: true })
  await cp(await realpath(CERTIFICATES), join(folder, CERTIFICATES))
  await mkdir(join(local, 'etc'), { recursive: true })
  await writeFile(join(local, 'etc/npmrc'), `cafile=${CERTIFICATES}\n`)
  await run('chroot', [folder, 'useradd', '--uid', '1000', '--create-home', 'node'])
}
