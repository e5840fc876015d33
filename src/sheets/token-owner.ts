import { z } from 'zod'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { CallFault } from './call-fault.ts'
import { GoogleApi } from './google-api.ts'
import { parseBody } from './google-description.ts'
import { type ErrorAnswer, errorOfAnswer, reasonsOf } from './google-errors.ts'
import type { GoogleIdentity } from './google-identity.ts'

/** Milliseconds that whoever sends a token waits for Google at the most. */
const TIMEOUT_MS = 5000

const about = z.object({ user: z.object({ permissionId: z.string().min(1) }) })

/** A token that is good, and may not ask Drive. */
const MUTE = ['ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'insufficientPermissions', 'SERVICE_DISABLED', 'accessNotConfigured']

class MayNotAsk extends Error {}

export interface TokenOwnerOptions {
  readonly rootUrl?: string | undefined
  readonly clock: Clock
}

/**
 * Asks Drive (`about.get`) whose an access token is. Resolves to the `permissionId` of the person, or to `undefined` where
 * the token may not ask. One call, never repeated; rejects with an AppError.
 */
export async function askTokenOwner(options: TokenOwnerOptions, token: string): Promise<string | undefined> {
  const api = new GoogleApi({ ...options, token })
  const call = { signal: new AbortController().signal, timeoutMs: TIMEOUT_MS, onSend: () => undefined }
  try {
    const body = await api.call(
      call,
      ({ drive }, request) => drive.about.get({ fields: 'user(permissionId)' }, request),
      errorOfAbout,
    )
    const answer = about.safeParse(parseBody(body))
    if (answer.success) return answer.data.user.permissionId
    throw new CallFault('garbled', "Drive's answer does not say whose the token is.")
  } catch (error) {
    if (error instanceof MayNotAsk) return undefined
    if (error instanceof CallFault) throw new AppError(error.code, error.message, { cause: error })
    throw error
  }
}

function errorOfAbout(answer: ErrorAnswer, identity: GoogleIdentity): Error {
  if (answer.status === 403 && reasonsOf(answer).some((reason) => MUTE.includes(reason))) return new MayNotAsk()
  const error = errorOfAnswer(answer, identity, 'Drive')
  // There is no spreadsheet yet.
  const isOfFile = error instanceof AppError && error.code.startsWith('SHEET_')
  return isOfFile
    ? new AppError('GOOGLE_REQUEST_REFUSED', `Google does not say whose the token is (${answer.status}).`)
    : error
}
