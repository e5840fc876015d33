import { hostname } from 'node:os'
import packageJson from '../package.json' with { type: 'json' }
import type { StorageDrivers } from './compose-storage.ts'
import type { Config } from './config.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import type { SyncStorage } from './ports/sync-storage.ts'
import { credentialOf, isOwnToken } from './sheets/read-quotas.ts'
import { activeSyncs } from './status/active-syncs.ts'
import { cachedLook } from './status/cached-look.ts'
import { Instances } from './status/instances.ts'
import { type StatusParts, serviceStatus } from './status/service-status.ts'

interface ComposedStatusParts extends Pick<StatusParts, 'checkReady' | 'schedules'> {
  readonly config: Config
  readonly drivers: Pick<StorageDrivers, 'quotas' | 'instances'>
  readonly storage: Pick<SyncStorage, 'list' | 'countByState'>
  readonly clock: Clock
  readonly log: Log
}

/** Puts together what tells how the service stands. */
export function composeStatus({ config, drivers, storage, clock, log, ...parts }: ComposedStatusParts) {
  const { role } = config
  const instances = new Instances({ records: drivers.instances, role, host: hostname(), clock, log })
  const status = serviceStatus({
    ...parts,
    ...{ instance: instances.id, role, version: packageJson.version, storageKind: config.storage.kind, clock },
    budgets: () => drivers.quotas.usage(),
    credentialOf: (account) => (isOwnToken(account) ? undefined : credentialOf(account)),
    queue: activeSyncs(storage, clock),
    syncs: cachedLook(() => storage.countByState(clock.now()), clock),
    instances: () => instances.list(),
  })
  return { instances, status }
}
