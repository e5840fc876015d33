import { AppError } from '../../errors.ts'
import type { Reader } from '../../model/reader.ts'
import type { ActiveSync } from '../../model/sync.ts'
import type { DownloadOptions } from './download-options.ts'

/** Who reads: a credential of the service, or the user whose own token was sealed for the sync. */
export function readerOf(
  { id, identity, sealedToken, request }: ActiveSync,
  unseal: DownloadOptions['unseal'],
): Reader {
  if (identity === null) return { credential: request.credential, actAs: request.actAs }
  if (unseal === undefined || sealedToken === null) {
    throw new AppError('TOKEN_UNREADABLE', 'No TOKEN_KEY is set where the sync is run.')
  }
  return { identity, token: unseal(sealedToken, id) }
}
