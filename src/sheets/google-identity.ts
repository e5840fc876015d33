import { DEFAULT_CREDENTIAL } from '../model/sync-request.ts'

/** Who calls, as far as a user may know. */
export interface GoogleIdentity {
  /** The name of the credential; absent where there is but the one of the settings. */
  readonly credential?: string | undefined
  /** `client_email` of a service account. */
  readonly account?: string | undefined
  /** By which an administrator knows a service account. */
  readonly clientId?: string | undefined
  /** E-mail address of the person whom the credential acts for. */
  readonly actAs?: string | undefined
  /** Whether the call was made with an API key, which sees public spreadsheets only. */
  readonly isKeyed?: boolean
  /** Whether it was made with a user's own token. */
  readonly isToken?: boolean
}

/** What a credential is called in a sentence. That of the settings is the only one that most have, so it has no name. */
export function credentialCalled(name: string | undefined): string {
  return name === undefined || name === DEFAULT_CREDENTIAL ? 'the credential' : `the credential ${name}`
}

/** What calls, in a sentence: the credential, by its name where it has one, and whom it acts for. */
export function whoseCredential({ credential, actAs, isToken }: GoogleIdentity): string {
  if (isToken) return "the user's token"
  return actAs === undefined ? credentialCalled(credential) : `${credentialCalled(credential)} for ${actAs}`
}

/** How the key of a named credential is mended; `undefined` for that of the settings, of which the standing hint tells. */
export function namedKeyHint({ credential, isToken }: GoogleIdentity): string | undefined {
  if (isToken || credential === undefined || credential === DEFAULT_CREDENTIAL) return undefined
  return `Check the key file of ${credentialCalled(credential)} in the folder GOOGLE_CREDENTIALS.`
}

/** Whom a spreadsheet is to be shared with. */
export function sharingHint({ account, actAs, isKeyed, isToken }: GoogleIdentity): string {
  if (isToken) {
    return "The user whose token reads it must have access; with the scope drive.file alone they have to pick it in Google's picker."
  }
  if (actAs !== undefined)
    return `Share the spreadsheet with ${actAs} as Viewer: it is read in the name of that person.`
  if (account !== undefined) return `Share the spreadsheet with ${account} as Viewer.`
  if (isKeyed) return 'Make it link-viewable (Share > Anyone with the link > Viewer): an API key sees nothing else.'
  return 'Share the spreadsheet with the account this service uses, as Viewer.'
}
