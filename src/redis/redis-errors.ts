import { AppError } from '../errors.ts'
import { clusterRefused, notPrimary } from './server-kind.ts'

/**
 * Names what the Redis client has thrown; an AppError or a TypeError of ours passes. The client's own errors carry the
 * command with its arguments, which may be a password or somebody's record, so only their words become the cause.
 */
export function toRedisError(error: unknown, doing: string): unknown {
  if (error instanceof AppError || error instanceof TypeError || !(error instanceof Error)) return error
  const cause = withoutCommand(error)
  if (/\bOOM\b/.test(error.message)) {
    return new AppError('STORAGE_FULL', `The status ${doing}: Redis has no memory left.`, {
      cause,
      hint: 'Raise maxmemory of the Redis server, or lower STATUS_TTL.',
    })
  }
  if (/\b(WRONGPASS|NOAUTH|NOPERM)\b/.test(error.message)) {
    return new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: Redis does not let us in.`, {
      cause,
      hint: 'Check the user and password in STORAGE_URL, and what that user may do.',
    })
  }
  if (/^(MOVED|ASK|CROSSSLOT|CLUSTERDOWN)\b/.test(error.message)) return clusterRefused(cause)
  if (isOfReplica(error)) return notPrimary(`The status ${doing}: this Redis is a replica, which only reads.`, cause)
  return new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: Redis cannot be used now.`, { cause })
}

/** Whether a primary has become a replica meanwhile: connecting anew finds who took over, where the host name follows it. */
export function isOfReplica({ message }: Error): boolean {
  return message.startsWith('READONLY')
}

export function withoutCommand(error: Error): Error {
  // Connecting to a name of several addresses fails with an AggregateError whose message is empty.
  const said = error.message || ('code' in error ? String(error.code) : '')
  return new Error(error.name === 'Error' ? said : `${error.name}: ${said}`)
}
