import { AppError } from '../errors.ts'

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
  return new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: Redis cannot be used now.`, { cause })
}

export function withoutCommand({ name, message }: Error): Error {
  return new Error(`${name}: ${message}`)
}
