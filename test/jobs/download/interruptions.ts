import { setImmediate as turn } from 'node:timers/promises'
import type { Test } from 'tap'
import { startEmulator } from '../../../emulator/emulator.ts'
import type { Workbook } from '../../../emulator/workbook.ts'
import { WorkerPool } from '../../../src/concurrency/worker-pool.ts'
import { AppError } from '../../../src/errors.ts'
import { createDownloadJob } from '../../../src/jobs/download-job.ts'
import { JobStop } from '../../../src/ports/job-runner.ts'
import { silentLog } from '../../../src/ports/log.ts'
import { CallFault, type FaultKind } from '../../../src/sheets/call-fault.ts'
import { type ApiCall, GoogleApi, type SheetsApi } from '../../../src/sheets/google-api.ts'
import { GoogleSheets } from '../../../src/sheets/google-sheets.ts'
import { ReadQuota } from '../../../src/sheets/read-quota.ts'
import { BlockFiles } from '../../../src/snapshots/formats/block-files.ts'
import { claimSync } from '../../../src/syncs/sync.ts'
import { oneAccount } from '../../support/accounts.ts'
import { aLocalBudget } from '../../support/local-read-budget.ts'
import { aQueuedSync } from '../../support/syncs.ts'
import { callsOf, LeapingClock } from '../downloads.ts'
import { MemorySnapshots } from './memory-snapshots.ts'

/** What happens to one of the awaits: the job is told to stop, or the work that is waited for fails. */
export type Interruption =
  | { readonly kind: 'abort'; readonly why: JobStop['why']; readonly when: 'before' | 'after' }
  | { readonly kind: 'error' }
  /** Calls to Google fail so, once; anything else succeeds. */
  | { readonly kind: 'fault'; readonly fault: FaultKind }

export interface Interrupted {
  /** How many awaits there were, and what the interrupted one was of. */
  readonly awaits: number
  readonly place: string
  /** What each await was of, by its number. */
  readonly places: readonly string[]
  readonly outcome?: string
  readonly error?: string
  readonly isHanging: boolean
  /** Whether what failed is something that a download can do without. */
  readonly isHarmless: boolean
  /** What was begun and has not settled when the download has. */
  readonly underWay: readonly string[]
}

export type InterruptibleDownload = (options: {
  readonly at: number
  readonly interruption: Interruption
  readonly timeoutMs?: number
}) => Promise<Interrupted>

/**
 * Runs downloads of a workbook in which the N-th await of anything outside (calls, quota, threads, draft, clock) is
 * interrupted. Answers come from an emulator the first time they are asked for, and from memory ever after.
 */
export async function anInterruptibleDownload(t: Test, workbook: Workbook): Promise<InterruptibleDownload> {
  const emulator = await startEmulator({ workbooks: [workbook] })
  t.teardown(() => emulator.close())
  const clock = new LeapingClock()
  const api = remembered(new GoogleApi({ rootUrl: emulator.rootUrl, clock }))

  return async ({ at, interruption, timeoutMs = 60_000 }) => {
    const stop = new AbortController()
    const underWay = new Map<number, string>()
    let awaits = 0
    const places: string[] = []
    const interrupted = (name: string, isNow: boolean) => {
      if (!isNow) return
      if (interruption.kind === 'abort') stop.abort(new JobStop(interruption.why))
      else if (interruption.kind === 'error') throw new AppError('STORAGE_UNAVAILABLE', `${name} fails`)
      else if (name.startsWith('api.')) throw new CallFault(interruption.fault, `${name} fails`)
    }
    /** The same object, whose methods that return promises are counted, and interrupted when it is their turn. */
    const around = <T extends object>(
      what: string,
      object: T,
      wrap: (value: unknown) => unknown = (value) => value,
    ): T =>
      new Proxy(object, {
        get(target, key) {
          const member: unknown = Reflect.get(target, key)
          if (typeof member !== 'function') return member
          return (...args: unknown[]) => {
            const name = `${what}.${String(key)}`
            const begin = awaits + 1
            const isBefore = interruption.kind !== 'abort' || interruption.when === 'before'
            const work = async () => {
              await turn()
              if (isBefore) interrupted(name, begin === at)
              const value: unknown = await member.apply(target, args)
              if (!isBefore) interrupted(name, begin === at)
              return wrap(value)
            }
            const result: unknown = isSynchronous(name) ? member.apply(target, args) : undefined
            if (isSynchronous(name)) return result
            awaits = begin
            places[begin] = name
            underWay.set(begin, name)
            return work().finally(() => underWay.delete(begin))
          }
        },
      })
    const snapshots = around('snapshots', new MemorySnapshots(), (value) =>
      isDraft(value) ? around('draft', value) : value,
    )
    const workers = around('workers', new WorkerPool({ threads: 0 }))
    const source = new GoogleSheets({
      ...oneAccount(
        around('api', api),
        around('quota', new ReadQuota({ budget: aLocalBudget(1000, clock), clock, log: silentLog })),
      ),
      workers,
      clock: around('clock', clock),
      log: silentLog,
      tuning: callsOf(60),
    })
    const job = createDownloadJob({ source, writer: new BlockFiles(workers), snapshots, clock, log: silentLog })
    const sync = claimSync(aQueuedSync({ spreadsheet: workbook.id, formats: ['json', 'csv'] }), 'a test', new Date())
    const settled = job(sync, { signal: stop.signal, report() {} }).then(
      ({ outcome }) => ({ outcome }),
      (error: unknown) => ({ error: String(error) }),
    )
    const timer = new AbortController()
    const late = new Promise<'late'>((resolve) => {
      const timeout = setTimeout(() => resolve('late'), timeoutMs)
      timer.signal.addEventListener('abort', () => clearTimeout(timeout))
    })
    const result = await Promise.race([settled, late])
    timer.abort()
    return {
      awaits,
      place: places[at] ?? '',
      places,
      isHanging: result === 'late',
      // Old snapshots that could not be removed are removed by the next download; without a version it is unknown.
      isHarmless: places[at] === 'snapshots.prune' || places[at] === 'api.version',
      underWay: [...underWay.values()],
      ...(result === 'late' ? {} : result),
    }
  }
}

/** Methods that return no promise. */
function isSynchronous(name: string): boolean {
  return ['clock.now', 'clock.monotonic', 'draft.read', 'workers.close'].includes(name)
}

function isDraft(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'saveCheckpoint' in value
}

/** An API that makes each call once. It heeds the signal as the real one does. */
function remembered(api: SheetsApi): SheetsApi {
  const answers = new Map<string, unknown>()
  const once = async <T>(key: string, { signal, onSend }: ApiCall, call: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    if (!answers.has(key)) answers.set(key, structuredClone(await call()))
    else onSend()
    await turn()
    signal.throwIfAborted()
    return structuredClone(answers.get(key)) as T
  }
  return {
    describe: (id, call) => once('describe', call, () => api.describe(id, call)),
    version: (id, call) => once('version', call, () => api.version(id, call)),
    readValues: (id, ranges, render, call) =>
      once(JSON.stringify([ranges, render]), call, () => api.readValues(id, ranges, render, call)),
  }
}
