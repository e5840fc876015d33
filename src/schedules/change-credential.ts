import { createHash } from 'node:crypto'
import { DEFAULT_CREDENTIAL } from '../model/sync-request.ts'
import type { TextFault } from '../model/text-fault.ts'
import type { CredentialKind } from '../ports/change-feed.ts'

/**
 * Why a schedule cannot follow changes with the credential it has, and the way on, for the field `onChange`; `undefined`
 * where it can. Drive's change log is that of an account, and an API key is none. Nor is a log watched in somebody's name:
 * that would go on, call after call, for as long as the schedule is there, for each person by itself.
 */
export function faultOfOnChange(kind: CredentialKind, actAs?: string): TextFault | undefined {
  const hint = 'Use "every" instead, such as "every": "15m"'
  if (actAs !== undefined) {
    return {
      message: 'cannot be true with actAs, as changes are watched by credentials and not in the name of people',
      hint: `${hint} and "ifUnchanged": "skip", or share the spreadsheet with the account of the credential and leave actAs out.`,
    }
  }
  if (kind !== 'api-key') return undefined
  return {
    message: 'cannot be true with an API key, as Google tells changes to accounts only',
    hint: `${hint}, or set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account.`,
  }
}

/**
 * What the keys of a credential's records begin with: a word of `A-Za-z0-9`, as names have characters that keys may not
 * have, and would run into what follows them.
 */
export function recordPrefix(credential: string): string {
  if (credential === DEFAULT_CREDENTIAL) return credential
  return `c${createHash('sha256').update(credential).digest('hex').slice(0, 32)}`
}
