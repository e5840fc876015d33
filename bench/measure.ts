import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((one, other) => one - other)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error('there is no median of nothing')
  return middle
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0

/**
 * Starts a script as a process of its own, on one core where the machine can pin, and resolves with the first line it
 * prints.
 */
export async function startPinned(
  script: string,
  parameters: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ child: ChildProcess; firstLine: string; stop: () => Promise<void> }> {
  const command = [process.execPath, script, ...parameters]
  const [program, ...rest] = canPin ? ['taskset', '-c', '0', ...command] : command
  if (program === undefined) throw new Error('there is nothing to run')
  const child = spawn(program, rest, {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const firstLine = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    exited.then(() => reject(new Error(`${script} ended before it said anything`)), reject)
  })
  return {
    child,
    firstLine,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
