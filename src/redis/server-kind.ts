import { AppError } from '../errors.ts'

/** @throws AppError STORAGE_UNAVAILABLE when INFO is that of a node of a cluster, of a Sentinel, or of a replica. */
export function requirePrimary(info: string): void {
  if (/^cluster_enabled:1/m.test(info)) throw clusterRefused()
  if (/^redis_mode:sentinel/m.test(info))
    throw notPrimary('STORAGE_URL points to a Redis Sentinel, which keeps nothing.')
  if (/^role:slave/m.test(info)) throw notPrimary('STORAGE_URL points to a replica of Redis, which only reads.')
}

/** Records and entries of the queue change in scripts of several keys, which a cluster runs only within one slot. */
export function clusterRefused(cause?: unknown): AppError {
  return new AppError('STORAGE_UNAVAILABLE', 'STORAGE_URL points to a Redis Cluster, which is not supported.', {
    cause,
    hint: 'Name a Redis server with cluster-enabled no in STORAGE_URL ("cluster mode disabled" where it is managed), or use PostgreSQL.',
  })
}

export function notPrimary(detail: string, cause?: unknown): AppError {
  return new AppError('STORAGE_UNAVAILABLE', detail, {
    cause,
    hint: 'Name the primary in STORAGE_URL, by a host name that follows it when another server takes over.',
  })
}
