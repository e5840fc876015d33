import { AppError } from '../../../src/errors.ts'
import { InProcessRunner } from '../../../src/jobs/in-process-runner.ts'
import { Sweeper } from '../../../src/jobs/sweeper.ts'
import { measureStorage } from '../../../src/metrics/measured-storage.ts'
import { ACTIVE_STATES, isTerminal, type Sync } from '../../../src/model/sync.ts'
import { normalizeRequest, syncRequestBody } from '../../../src/model/sync-request.ts'
import { JobStop, type SyncJob } from '../../../src/ports/job-runner.ts'
import { silentLog } from '../../../src/ports/log.ts'
import type { SnapshotStore } from '../../../src/ports/snapshot-store.ts'
import type { SyncStorage } from '../../../src/ports/sync-storage.ts'
import type { WebhookSender } from '../../../src/ports/webhook-sender.ts'
import { FileStorage } from '../../../src/storage/file-storage.ts'
import type { Processes } from '../../../src/storage/files/processes.ts'
import { createSync } from '../../../src/syncs/new-sync.ts'
import { reportSync, requestCancel } from '../../../src/syncs/sync.ts'
import { isPending, requestRedelivery } from '../../../src/syncs/webhook-delivery.ts'
import { WebhookDeliverer } from '../../../src/webhooks/deliverer.ts'
import { FileLeases } from '../../support/key-value-stores.ts'
import { silentMetrics } from '../../support/silent-metrics.ts'
import type { Checks } from './checks.ts'
import type { Random } from './random.ts'
import { errno, type VirtualDisk } from './virtual-disk.ts'
import type { ProcessLife, World } from './world.ts'

export const DIRECTORY = '/data/sync-status'
export const STATUS_TTL_MS = 20_000
const SWEEP_INTERVAL_MS = 15_000
const DEADLINE_MS = 7_200_000
const REQUEST = normalizeRequest(syncRequestBody.parse({ spreadsheet: 'a-spreadsheet' }))

export interface SimulatedProcessOptions {
  readonly world: World
  readonly disk: VirtualDisk
  readonly checks: Checks
  readonly random: Random
  readonly life: ProcessLife
  readonly processes: Processes
  /** Makes ids that sort by their age. */
  readonly newId: () => string
  /** How likely each call of the file system is to fail, as of now. */
  readonly faultRate: () => number
  /** Called before each call of the file system; trouble that strikes here strikes in the middle of things. */
  readonly onCall: () => void
}

/** One server process: the real storage, leases, runner and sweeper, on simulated time and disk, with users of its own. */
export class SimulatedProcess {
  readonly life: ProcessLife
  readonly #options: SimulatedProcessOptions
  readonly #storage: SyncStorage
  readonly #runner: InProcessRunner
  readonly #sweeper: Sweeper
  readonly #deliverer: WebhookDeliverer
  readonly #closing = new AbortController()

  constructor(options: SimulatedProcessOptions) {
    const { world, disk, random, life, processes, faultRate } = options
    this.#options = options
    this.life = life
    const clock = world.clockOf(life)
    const fs = disk.viewThrough(async (call) => {
      options.onCall()
      await world.wait(life, 0)
      if (random.chance(faultRate())) throw errno(random.pick(['EIO', 'ENOSPC', 'EMFILE']), call)
    })
    const log = silentLog
    const storage = this.#watched(new FileStorage({ directory: DIRECTORY, clock, log, fs, processes }))
    const sender: WebhookSender = { send: (_, message) => this.#receive(message.id) }
    this.#deliverer = new WebhookDeliverer({
      storage,
      sender,
      clock,
      log,
      statusTtlMs: STATUS_TTL_MS,
      random: () => random.next(),
    })
    this.#storage = measureStorage(storage, silentMetrics, (sync) => this.#deliverer.notify(sync))
    const leases = new FileLeases({ directory: DIRECTORY, clock, fs, processes })
    const job: SyncJob = (sync, context) => this.#job(sync, context)
    this.#runner = new InProcessRunner({
      storage: this.#storage,
      leases,
      job,
      clock,
      log,
      concurrency: 3,
      statusTtlMs: STATUS_TTL_MS,
      deadlineMs: DEADLINE_MS,
    })
    const nothing = { sweepDrafts: async () => 0, sweep: async () => 0 } as const
    const snapshots = nothing as Pick<SnapshotStore, keyof typeof nothing> as SnapshotStore
    this.#sweeper = new Sweeper({ storage: this.#storage, snapshots, clock, log, intervalMs: SWEEP_INTERVAL_MS })
  }

  /** Begins to run syncs, and to do what users ask of it until it is stopped. */
  async live(): Promise<void> {
    const { world, random, life } = this.#options
    for (;;) {
      if (await this.#attempt(() => this.#storage.start())) break
      await world.wait(life, 100)
    }
    while (!(await this.#attempt(() => this.#runner.start()))) await world.wait(life, 100)
    this.#sweeper.start()
    this.#deliverer.start()
    while (!this.#closing.signal.aborted) {
      await this.#attempt(() =>
        random
          .pick([
            this.#create,
            this.#create,
            this.#cancel,
            this.#delete,
            this.#list,
            this.#jostle,
            this.#jostle,
            this.#redeliver,
          ])
          .call(this),
      )
      await world.wait(life, random.below(8000))
    }
  }

  /** No more users come. */
  quieten(): void {
    this.#closing.abort()
  }

  async #job(sync: Sync, { signal, report }: Parameters<SyncJob>[1]): ReturnType<SyncJob> {
    const { world, random, life, checks } = this.#options
    checks.jobBegun(sync.id, sync.lease.epoch)
    for (let left = random.below(5); left > 0; left--) {
      await world.wait(life, random.below(6000), signal)
      signal.throwIfAborted()
      report({ progress: { percent: 90 - 10 * left, phase: 'downloading' } })
    }
    if (random.chance(0.1)) throw new AppError('SHEET_FORBIDDEN', 'The simulation forbids it.')
    await world.wait(life, 0)
    if (!checks.publish(sync.id, sync.lease.epoch)) throw new JobStop('superseded')
    return { outcome: 'downloaded', consistent: true, snapshotId: sync.id, report: {} }
  }

  /** The receiver of all webhooks; it is moody while there is trouble. */
  async #receive(messageId: string): ReturnType<WebhookSender['send']> {
    const { world, random, life, checks } = this.#options
    await world.wait(life, random.below(3000))
    if (!this.#closing.signal.aborted && random.chance(0.2)) return { status: 503, error: 'not in the mood' }
    checks.told(messageId)
    await world.wait(life, random.below(3000))
    return { status: 204, error: null }
  }

  async #create(): Promise<void> {
    const { newId, world, random } = this.#options
    const id = newId()
    const webhookUrl = random.chance(0.3) ? 'https://example.com/hook' : undefined
    await this.#storage.create(
      createSync({ id, ...REQUEST, labels: {}, createdBy: null, webhookUrl }, new Date(world.wall)),
    )
    await this.#runner.enqueue(id)
  }

  async #cancel(): Promise<void> {
    const id = this.#anyId()
    const sync = id === undefined ? undefined : await this.#storage.get(id)
    if (sync === undefined || isTerminal(sync)) return
    const next = requestCancel(sync, new Date(this.#options.world.wall), STATUS_TTL_MS)
    if (next !== sync && (await this.#storage.replace(next, sync.revision))) this.#runner.notifyCancel(sync.id)
  }

  async #delete(): Promise<void> {
    const id = this.#anyId()
    const sync = id === undefined ? undefined : await this.#storage.get(id)
    if (sync === undefined || !isTerminal(sync)) return
    // Whoever forgets a sync forgets its webhook.
    this.#options.checks.forgetting(sync.id)
    await this.#storage.remove(sync.id, sync.revision)
  }

  async #redeliver(): Promise<void> {
    const id = this.#anyId()
    const sync = id === undefined ? undefined : await this.#storage.get(id)
    if (sync === undefined || !isTerminal(sync) || sync.webhook === null) return
    const next = requestRedelivery(sync, new Date(this.#options.world.wall), STATUS_TTL_MS)
    if (next !== sync) await this.#storage.replace(next, sync.revision)
  }

  /** Changes a sync that others change too, a few times in a row. */
  async #jostle(): Promise<void> {
    const id = this.#anyId()
    for (let left = this.#options.random.below(6); id !== undefined && left > 0; left--) {
      const sync = await this.#storage.get(id)
      if (sync === undefined || isTerminal(sync)) return
      const next = reportSync(sync, { warnings: [] }, new Date(this.#options.world.wall))
      await this.#storage.replace(next, sync.revision, { durable: this.#options.random.chance(0.3) })
    }
  }

  async #list(): Promise<void> {
    await this.#storage.list({ states: ACTIVE_STATES, pageSize: 1000 })
  }

  #anyId(): string | undefined {
    const { checks, random } = this.#options
    return checks.ids.length === 0 ? undefined : random.pick(checks.ids)
  }

  /** Whether it worked; a storage that is out of order for now is what the users of these worlds are used to. */
  async #attempt(task: () => Promise<unknown>): Promise<boolean> {
    try {
      await task()
      return true
    } catch (error) {
      if (error instanceof AppError && (error.status === 503 || error.status === 429)) return false
      this.#options.checks.complain(`${this.life.name} met ${error instanceof Error ? error.stack : String(error)}`)
      return false
    }
  }

  /** The storage, with everything noted that callers are told. */
  #watched(storage: SyncStorage): SyncStorage {
    const { checks } = this.#options
    return {
      start: () => storage.start(),
      async create(sync) {
        await storage.create(sync)
        checks.created(sync.id)
      },
      async get(id) {
        const floor = checks.floorOf(id)
        const sync = await storage.get(id)
        checks.found(id, floor, sync)
        return sync
      },
      peek: (id) => storage.get(id),
      async replace(next, expectedRevision, options) {
        const replaced = await storage.replace(next, expectedRevision, options)
        if (replaced) checks.replaced(next, expectedRevision, options?.durable ?? true)
        if (replaced && next.state === 'succeeded') checks.succeeded(next.id)
        return replaced
      },
      remove: (id, expectedRevision) => storage.remove(id, expectedRevision),
      async list(query) {
        const promised = checks.ids.filter((id) => checks.isPromised(id))
        const due = new Map(
          promised.flatMap((id) => {
            const record = checks.recordOf(id)
            const isWanted =
              query.webhook === undefined ? record && !isTerminal(record) : isKnownPending(checks, record)
            return record !== undefined && isWanted ? [[id, record] as const] : []
          }),
        )
        const page = await storage.list(query)
        const listed = page.syncs.map(({ id }) => id)
        for (const [id, before] of due) {
          const record = checks.recordOf(id)
          // Active ones stay so whatever else changes; a webhook may be delivered, and redelivered, meanwhile.
          const isDue = query.webhook === undefined ? record && !isTerminal(record) : record === before
          if (isDue && !listed.includes(id)) checks.complain(`${id} is ${query.webhook ?? 'active'} and was not listed`)
        }
        if (listed.join() !== [...listed].sort().reverse().join()) checks.complain('a list was not in order')
        return page
      },
      cleanup: async (now) => {
        const report = await storage.cleanup(now)
        if (report.quarantined.length > 0) checks.complain(`${report.quarantined} was quarantined`)
        return report
      },
      usage: (createdBy, now) => storage.usage(createdBy, now),
      countByState: (now) => storage.countByState(now),
      checkWritable: () => storage.checkWritable(),
      watch: (id, onChange) => storage.watch(id, onChange),
      watchAll: (onChange) => storage.watchAll(onChange),
      close: () => storage.close(),
    }
  }
}

/** Whether somebody was told that this very record, whose webhook is pending, is stored. */
function isKnownPending(checks: Checks, record: Sync | undefined): boolean {
  return record !== undefined && isPending(record) && checks.floorOf(record.id) >= record.revision
}
