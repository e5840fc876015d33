import { writeFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { constants, setPriority } from 'node:os'
import {
  type EngineSettings,
  type EngineTask,
  type FromEngine,
  MOST_OVERHEAD_BYTES,
  OVERHEAD_BYTES,
  type ToEngine,
} from './protocol.ts'
import { extraBytes } from './wide-tables.ts'

// An engine process: it answers one task at a time, and lives no longer than the service that started it.

/** Milliseconds between two looks at the memory; what DuckDB does not count can grow by a gigabyte a second. */
const LOOK_MS = 5
/** Bytes that tasks have to leave behind for the next one to be told that they did. */
const GROWN_BYTES = 48 * 1024 * 1024
/** Share of its memory from which on a process that made or copied a table takes no other task. */
const FULL = 0.75

// An exit would wait for the threads of DuckDB, which may never end.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
preferAnyOther()
// The folder in which the service keeps what it has compiled, if it does.
const [, , compileCache] = process.argv
if (compileCache !== undefined) enableCompileCache(compileCache)

const engine = await import('./engine.ts').catch((error: unknown) => {
  send({ missing: withoutFolders(error instanceof Error ? error.message : String(error)) })
})
if (engine !== undefined) {
  const atFirst = process.memoryUsage.rss()
  let settings: EngineSettings | undefined
  let running: { readonly id: number; readonly cancel: () => void } | undefined
  process.on('message', (message: ToEngine) => {
    if ('settings' in message) settings = message.settings
    else if ('cancel' in message) {
      if (running?.id === message.cancel) running.cancel()
    } else if (settings !== undefined) void run(message.id, message.run, settings)
  })
  send({ ready: true })

  /** Never rejects. */
  async function run(id: number, task: EngineTask, { memoryBytes }: EngineSettings): Promise<void> {
    const most = memoryBytes + extraBytes(columnsOf(task))
    let [before, lookedAt] = [process.memoryUsage.rss(), performance.now()]
    const watch = setInterval(() => {
      const [now, at] = [process.memoryUsage.rss(), performance.now()]
      // A look that comes late, as after rows were written out, sees what has grown in all that time.
      const next = now + (Math.max(0, now - before) * LOOK_MS) / Math.max(LOOK_MS, at - lookedAt)
      before = now
      lookedAt = at
      // An exit of its own would wait for the threads of DuckDB.
      if (now > most + OVERHEAD_BYTES || next > most + MOST_OVERHEAD_BYTES) send({ overMemory: true })
    }, LOOK_MS)
    try {
      running = { id, cancel: engine?.interrupt ?? (() => {}) }
      const outcome = await engine?.execute(task, memoryBytes)
      const isFull = columnsOf(task) > 0 && process.memoryUsage.rss() > memoryBytes * FULL
      const isGrown = process.memoryUsage.rss() > atFirst + GROWN_BYTES
      send({ id, ...outcome, isFull, isGrown } as FromEngine)
    } finally {
      running = undefined
      clearInterval(watch)
    }
  }
}

/** Columns of the table that is made, or copied as a whole. */
function columnsOf({ kind, task }: EngineTask): number {
  return kind === 'import' ? task.columns.length : kind === 'parquet' ? task.columns : 0
}

/** The first line of a message, which is answered to callers: what follows it, and where things lie here, is not theirs. */
function withoutFolders(message: string): string {
  const [line = ''] = message.split('\n', 1)
  return line.replaceAll(/(?<=^|[\s'"(])(?:[A-Za-z]:)?[\\/](?:[^\\/\s'":]+[\\/])*/g, '')
}

function send(message: FromEngine): void {
  process.send?.(message)
}

/** Gives way to the service: in the queue for a core, and when memory runs out. */
function preferAnyOther(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Neither is on every system, and neither is promised.
  }
}
