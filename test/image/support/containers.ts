import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { ROOT } from '../../support/service.ts'
import { makeBaseFolder } from './base-image.ts'

const TOOLS = ['buildah', 'podman', 'crun', 'debootstrap', 'unshare']

/** What this machine lacks for making and running images; `false` when it has all. */
export function isMissing(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'wants Linux, and root'
  const missing = TOOLS.filter((tool) => spawnSync('which', [tool]).status !== 0)
  return missing.length > 0 && `no ${missing.join(', ')} here`
}

/** A container that runs in the foreground of a process of its own. */
export interface Container {
  readonly name: string
  /** Resolves to what the pattern holds once it was printed; rejects when the container has ended before. */
  printed(pattern: RegExp): Promise<string>
  /** Sends the signal to the container's first process, and resolves to the exit code. */
  end(signal: 'TERM' | 'KILL'): Promise<number | null>
}

/** Images and containers in a folder of their own, which goes with the test. */
export class Containers {
  readonly #folder: string
  #started = 0

  static async create(t: Test): Promise<Containers> {
    // Not on a tmpfs: there are no overlays on it.
    const folder = await mkdtemp('/var/tmp/sheetsync-image-')
    const containers = new Containers(folder)
    t.teardown(async () => {
      await containers.#podman(['rm', '--all', '--force', '--time', '1']).catch(() => {})
      await rm(folder, { recursive: true, force: true })
    })
    return containers
  }

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Builds the image of the Dockerfile on a base that is made here. */
  async build(): Promise<void> {
    const base = `${this.#folder}/base`
    await makeBaseFolder(base)
    const archive = `${this.#folder}/base.tar`
    await promisify(execFile)('tar', [
      '-C',
      base,
      '--exclude=./proc',
      '--exclude=./sys',
      '--exclude=./dev',
      '-cf',
      archive,
      '.',
    ])
    const environment = ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt']
    await this.#podman([
      'import',
      ...environment.flatMap((each) => ['--change', `ENV ${each}`]),
      archive,
      'localhost/base',
    ])
    const options = ['--isolation', 'chroot', '--layers=false', '--format', 'docker', '--network', 'host']
    await this.#run('buildah', [
      ...this.#storage(),
      ...['bud', ...options, '--build-arg', 'NODE_IMAGE=localhost/base', '-t', 'sheetsync', ROOT],
    ])
  }

  /** Runs one command in a new container, and resolves to what it printed. */
  async print(command: readonly string[]): Promise<string> {
    return this.#podman([...this.#runOptions(`print-${++this.#started}`), 'sheetsync', ...command])
  }

  /** Starts the service, with /app/data in the folder of that name. */
  start(t: Test, { data, environment }: { data: string; environment: Record<string, string> }): Container {
    const name = `service-${++this.#started}`
    const settings = Object.entries(environment).flatMap(([setting, value]) => ['-e', `${setting}=${value}`])
    const [program, parameters] = this.#confined([
      ...this.#runOptions(name),
      '-v',
      `${data}:/app/data`,
      ...settings,
      'sheetsync',
    ])
    const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => this.#podman(['rm', '--force', '--ignore', '--time', '1', name]).catch(() => {}))
    const exited: Promise<[number | null]> = once(child, 'exit').then(([code]) => [code])
    return {
      name,
      printed: printedBy(child),
      end: async (signal) => {
        await this.#podman(['kill', '--signal', signal, name])
        const [code] = await exited
        return code
      },
    }
  }

  #podman(parameters: readonly string[]): Promise<string> {
    const [program, all] = this.#confined(parameters)
    return this.#run(program, all)
  }

  async #run(program: string, parameters: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(program, parameters, { maxBuffer: 2 ** 26 })
    return stdout
  }

  /** crun refuses the two kinds of control groups side by side; no container here has any, so it need not see them. */
  #confined(parameters: readonly string[]): [string, string[]] {
    const script = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec podman "$@"'
    const podman = [...this.#storage(), '--events-backend', 'file', '--cgroup-manager', 'cgroupfs', ...parameters]
    return ['unshare', ['--mount', 'sh', '-c', script, 'sh', ...podman]]
  }

  #storage(): string[] {
    return ['--root', `${this.#folder}/storage`, '--runroot', `${this.#folder}/run`, '--storage-driver', 'overlay']
  }

  /** As compose.yaml runs it, on the network of this machine; limits that no container may raise here. */
  #runOptions(name: string): string[] {
    const confined = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'all', '--security-opt', 'no-new-privileges']
    const machine = [
      '--cgroups=disabled',
      '--runtime',
      'crun',
      '--network',
      'host',
      '--log-driver',
      'k8s-file',
      '--no-healthcheck',
    ]
    const limits = ['--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=1024:1024']
    return ['run', '--rm', '--name', name, ...confined, ...machine, ...limits]
  }
}

function printedBy(child: ChildProcess & { stdout: NodeJS.ReadableStream }): (pattern: RegExp) => Promise<string> {
  const lines = createInterface({ input: child.stdout })
  const closed = once(lines, 'close')
  let output = ''
  lines.on('line', (line) => {
    output += `${line}\n`
  })
  return async (pattern) => {
    for (;;) {
      const found = pattern.exec(output)?.[1]
      if (found !== undefined) return found
      await Promise.race([once(lines, 'line'), closed.then(() => Promise.reject(new Error(`it ended: ${output}`)))])
    }
  }
}
