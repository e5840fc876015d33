import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { runWorld } from './simulation/run-world.ts'

/**
 * `node test/crash/simulation.ts`: lives through SIMULATION_RUNS worlds (default 10,000), from SEED on. One world alone:
 * `SEED=n SIMULATION_RUNS=1`.
 */
interface Share {
  readonly first: number
  readonly runs: number
}

interface Outcome {
  steps: number
  syncs: number
  readonly failures: string[]
}

async function live({ first, runs }: Share): Promise<Outcome> {
  const outcome: Outcome = { steps: 0, syncs: 0, failures: [] }
  for (let seed = first; seed < first + runs; seed++) {
    const { violation, steps, syncs } = await runWorld(seed)
    outcome.steps += steps
    outcome.syncs += syncs
    if (violation !== undefined) outcome.failures.push(`SEED=${seed}: ${violation}`)
  }
  return outcome
}

function liveInThread(share: Share): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

async function main(): Promise<void> {
  const first = Number(process.env.SEED ?? Date.now() % 1_000_000_000)
  const runs = Number(process.env.SIMULATION_RUNS ?? 10_000)
  const threads = Math.min(availableParallelism(), runs)
  const began = performance.now()
  const outcomes = await Promise.all(
    Array.from({ length: threads }, (_, n) => {
      const [from, to] = [Math.floor((runs * n) / threads), Math.floor((runs * (n + 1)) / threads)]
      return liveInThread({ first: first + from, runs: to - from })
    }),
  )
  const failures = outcomes.flatMap((outcome) => outcome.failures)
  const [syncs, steps] = [sum(outcomes.map((one) => one.syncs)), sum(outcomes.map((one) => one.steps))]
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  for (const failure of failures) process.stdout.write(`failed: ${failure}\n`)
  process.stdout.write(
    `simulation from SEED=${first}: ${runs} worlds, ${syncs} syncs, ${steps} steps in ${seconds} s\n`,
  )
  process.stdout.write(`${runs - failures.length} passed, ${failures.length} failed\n`)
  process.exitCode = failures.length === 0 ? 0 : 1
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

if (isMainThread) await main()
else parentPort?.postMessage(await live(workerData))
