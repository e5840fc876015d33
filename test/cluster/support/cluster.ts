import { setTimeout as delay } from 'node:timers/promises'
import {
  aDirectory,
  aServiceProcess,
  type Endable,
  environmentFor,
  type ServiceProcess,
} from '../../support/service.ts'

export interface ClusterOptions {
  readonly storageUrl: string
  readonly rootUrl: string
  readonly apis: number
  readonly workers: number
  readonly environment?: Record<string, string>
}

/** One service in several processes. Like any operator's supervisor it starts again what has ended. */
export interface Cluster {
  readonly apis: readonly ServiceProcess[]
  /** The folder of published snapshots. */
  readonly snapshots: string
  readonly workers: number
  /** Kills one worker without warning, and starts another in its place. */
  killWorker(index: number): Promise<void>
  /** Asks all to stop; resolves to how each of them ended. */
  stop(): Promise<(number | string)[]>
}

export async function aCluster(t: Endable, options: ClusterOptions): Promise<Cluster> {
  const directory = await aDirectory(t)
  const environment = {
    ...environmentFor(directory),
    STORAGE_URL: options.storageUrl,
    GOOGLE_API_ROOT_URL: options.rootUrl,
    GOOGLE_READS_PER_MINUTE: '100000',
    RATE_LIMIT: 'off',
    STATUS_TTL: '1h',
    SWEEP_INTERVAL: '1s',
    SNAPSHOTS_KEPT: '1000',
    SYNC_CONCURRENCY: '4',
    ...options.environment,
  }
  const start = (role: string) => supervised(() => aServiceProcess(t, { ...environment, ROLE: role }))
  const apis = await Promise.all(Array.from({ length: options.apis }, () => start('api')))
  const workers = await Promise.all(Array.from({ length: options.workers }, () => start('worker')))
  return {
    apis,
    workers: workers.length,
    snapshots: `${directory}/snapshots`,
    async killWorker(index) {
      await workers[index]?.end('SIGKILL')
      workers[index] = await start('worker')
    },
    stop: () => Promise.all([...apis, ...workers].map((one) => one.end('SIGTERM'))),
  }
}

/** Starts it again for as long as it ends at once, as it does while its server is away. */
async function supervised(start: () => Promise<ServiceProcess>): Promise<ServiceProcess> {
  for (let tries = 1; ; tries++) {
    try {
      return await start()
    } catch (error) {
      if (tries === 20) throw error
      await delay(1000)
    }
  }
}
