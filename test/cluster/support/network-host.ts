import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { aServiceProcess, type ServiceProcess } from '../../support/service.ts'

const run = promisify(execFile)

/** Why hosts with a network of their own cannot be made here; false where they can. */
export async function whyNoNetworkHosts(): Promise<string | false> {
  const name = `sheetsync-${randomInt(1_000_000)}`
  try {
    await ip('netns', 'add', name)
    await ip('netns', 'del', name)
    return false
  } catch (error) {
    if (process.env.CI === 'true') throw error
    return 'network namespaces cannot be made here'
  }
}

/** A host with a network of its own, which one cable joins to this machine. */
export interface NetworkHost {
  /** This machine, as that host reaches it. */
  readonly gateway: string
  /** Starts the service over there. */
  start(t: Test, environment: Record<string, string>): Promise<ServiceProcess>
  /** Pulls the cable: what is sent is lost, and nobody is told. */
  cut(): Promise<void>
  join(): Promise<void>
}

export async function aNetworkHost(t: Test): Promise<NetworkHost> {
  const number = randomInt(4096, 65_536)
  const name = `sheetsync-${number}`
  const [near, far] = [`ss${number}n`, `ss${number}f`]
  // Of the addresses for benchmarks between networks (RFC 2544), which nobody routes.
  const subnet = `198.18.${number >> 8}.${number & 0xff & ~3}`
  const address = (host: number) => subnet.replace(/\d+$/, (last) => String(Number(last) + host))
  await ip('netns', 'add', name)
  t.teardown(() => ip('netns', 'del', name))
  await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name)
  await ip('address', 'add', `${address(1)}/30`, 'dev', near)
  await ip('-n', name, 'address', 'add', `${address(2)}/30`, 'dev', far)
  for (const where of [
    ['link', 'set', near],
    ['-n', name, 'link', 'set', far],
    ['-n', name, 'link', 'set', 'lo'],
  ])
    await ip(...where, 'up')
  return {
    gateway: address(1),
    start(t, environment) {
      const command = ['ip', 'netns', 'exec', name, process.execPath, 'src/server.ts']
      // Becomes that command, so that signals reach the service itself.
      const script = `process.execve(${JSON.stringify(IP)}, ${JSON.stringify(command)})`
      return aServiceProcess(t, environment, ['--no-warnings', '-e', script])
    },
    cut: () => ip('-n', name, 'link', 'set', far, 'down'),
    join: () => ip('-n', name, 'link', 'set', far, 'up'),
  }
}

const IP = '/usr/sbin/ip'

async function ip(...parameters: readonly string[]): Promise<void> {
  await run(IP, [...parameters])
}
