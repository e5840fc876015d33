import { isOutOfDescriptors } from '../../disk/descriptors.ts'
import { toDiskError } from '../../disk/disk-errors.ts'
import { AppError } from '../../errors.ts'

const ACCESS_HINT =
  'Check the credentials, and that they may list the bucket and get, put and delete objects under the prefix.'

export const CONDITIONAL_WRITES_HINT =
  'Use a store that supports conditional writes (If-None-Match: * and If-Match of PutObject), as Amazon S3 and MinIO do.'

/** How a user can mend what the store, or the SDK on its behalf, has refused. */
const HINTS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'Create the bucket that SNAPSHOT_URL names, or name another.',
  NotFound: 'Create the bucket that SNAPSHOT_URL names, or name another.',
  NotImplemented: CONDITIONAL_WRITES_HINT,
  PermanentRedirect: 'Set AWS_REGION to the region of the bucket.',
  AccessDenied: ACCESS_HINT,
  Forbidden: ACCESS_HINT,
  InvalidAccessKeyId: ACCESS_HINT,
  SignatureDoesNotMatch: ACCESS_HINT,
  ExpiredToken: ACCESS_HINT,
  CredentialsProviderError: 'Give credentials by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role.',
}

/** HTTP status of the answer that an error of the SDK stands for; `undefined` when there was none. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  return (error.$metadata as { readonly httpStatusCode?: number }).httpStatusCode
}

/**
 * What a failed request becomes. The SDK's own errors may hold access keys and what was signed, so only their name and
 * status go on.
 */
export function toS3Error(error: unknown): unknown {
  if (error instanceof AppError || error instanceof TypeError) return error
  if (isOutOfDescriptors(error)) return toDiskError(new Error('EMFILE'), 'The snapshots cannot be reached in S3')
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown }
  const reason = String(name === undefined || name === 'Error' ? (code ?? 'Error') : name).slice(0, 60)
  const status = statusOf(error)
  const cause = new Error(`S3: ${reason}${status === undefined ? '' : ` (HTTP ${status})`}`)
  const hint = HINTS[reason]
  const message = `The snapshots cannot be reached in S3 (${reason}).`
  return new AppError('STORAGE_UNAVAILABLE', message, hint === undefined ? { cause } : { cause, hint })
}
