import { runWorld } from './simulation/run-world.ts'

/**
 * `node test/crash/simulation.ts`: lives through SIMULATION_RUNS worlds (default 10,000), from SEED on. One world alone:
 * `SEED=n SIMULATION_RUNS=1`.
 */
const first = Number(process.env.SEED ?? Date.now() % 1_000_000_000)
const runs = Number(process.env.SIMULATION_RUNS ?? 10_000)
const began = performance.now()
let failed = 0
let steps = 0
let syncs = 0

for (let seed = first; seed < first + runs; seed++) {
  const report = await runWorld(seed)
  steps += report.steps
  syncs += report.syncs
  if (report.violation !== undefined) {
    failed++
    process.stdout.write(`SEED=${seed} failed: ${report.violation}\n`)
  }
}

const seconds = ((performance.now() - began) / 1000).toFixed(1)
process.stdout.write(`simulation from SEED=${first}: ${runs} worlds, ${syncs} syncs, ${steps} steps in ${seconds} s\n`)
process.stdout.write(`${runs - failed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
