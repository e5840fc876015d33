import { readFile } from 'node:fs/promises'
import { EngineProcess } from '../../../src/rows/engine/engine-process.ts'
import { ASKING } from './an-engine.ts'

// Prints what an engine process has of the environment, the names alone, and how soon the system would kill it.
const engine = new EngineProcess(256 * 1024 * 1024)
await engine.run({ kind: 'tables', task: { sql: 'SELECT 1' }, timeLimitMs: 30_000 }, ASKING.signal)
const environment = await readFile(`/proc/${engine.pid}/environ`, 'latin1')
const names = environment.split('\0').flatMap((line) => (line === '' ? [] : (line.split('=', 1)[0] ?? '')))
const score = Number(await readFile(`/proc/${engine.pid}/oom_score_adj`, 'latin1'))
await engine.close()
process.stdout.write(JSON.stringify({ names, score }))
