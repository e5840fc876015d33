import { AppError } from '../errors.ts'
import { CallFault } from '../ports/sheet-source.ts'
import { networkCode } from './answer-body.ts'

/** What the client throws holds its configuration, secrets among it; of that only the code and the kind are kept. */
export function asNetworkFault(error: unknown, isAnswered: boolean): CallFault {
  const code = networkCode(error) ?? 'no code'
  return isAnswered
    ? new CallFault('garbled', `Google's answer broke off (${code}).`)
    : new CallFault('network', `Google could not be reached (${code}).`)
}

/** Tells why no token is to be had: the credential is no good, or the token endpoint is not there just now. */
export async function asCredentialError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const status = statusOf(error)
    if (status === 429 || (status !== undefined && status >= 500)) {
      throw new CallFault('unavailable', `Google's sign-in answered with status ${status}.`)
    }
    const code = networkCode(error)
    if (status === undefined && code !== undefined && /^(?:E[A-Z]+|ERR_STREAM_PREMATURE_CLOSE)$/.test(code)) {
      throw new CallFault('network', `Google's sign-in could not be reached (${code}).`)
    }
    const reason = status === undefined ? 'it cannot be used to sign in' : `sign-in answered with status ${status}`
    throw new AppError('GOOGLE_CREDENTIAL_INVALID', `Google does not accept the credential: ${reason}.`)
  }
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('response' in error)) return undefined
  const { response } = error
  return typeof response === 'object' &&
    response !== null &&
    'status' in response &&
    typeof response.status === 'number'
    ? response.status
    : undefined
}
