/**
 * The Google identity that reads: a credential of the service, perhaps in the name of a person, or a user's own access
 * token as it stands, with the identity that stands for that user.
 */
export type Reader =
  | { readonly credential: string; readonly actAs: string | null }
  | { readonly token: string; readonly identity: string }

/** Whose reads are counted together, and with whom they share the limit of a project. */
export interface ReadAccount {
  /** `default`, `agency`, `agency as ann@example.com`, or `token` and the first 16 characters of an identity. */
  readonly name: string
  /** The Google Cloud project that calls are charged to; the name of the credential where that is not known. */
  readonly project: string
}

/** The project that all own tokens count for: which one has issued a token is not known. */
export const TOKENS_PROJECT = 'tokens'

/** What a reader is called where no secret may be. */
export function readerName(reader: Reader): string {
  if ('token' in reader) return `token ${reader.identity.slice(0, 16)}`
  const { credential, actAs } = reader
  return actAs === null ? credential : `${credential} as ${actAs}`
}
