import { readFile } from 'node:fs/promises'
import { AppError } from '../errors.ts'

/** What a credentials file says about itself, without its secrets. */
export interface CredentialFile {
  /** `client_email` of a service account; absent for other kinds. */
  readonly account: string | undefined
  /** `token_uri` of a service account, where its tokens come from; absent for other kinds. */
  readonly tokenUrl: URL | undefined
}

/** Reads the file that GOOGLE_APPLICATION_CREDENTIALS names. Rejects with GOOGLE_CREDENTIAL_INVALID if it is none. */
export async function readCredentialFile(path: string): Promise<CredentialFile> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new AppError('GOOGLE_CREDENTIAL_INVALID', `The credential file cannot be read (${code}).`, { cause: error })
  }
  const value = parse(text)
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') {
    throw new AppError('GOOGLE_CREDENTIAL_INVALID', 'The credential file is no Google credential in JSON.')
  }
  const account = 'client_email' in value && typeof value.client_email === 'string' ? value.client_email : undefined
  const tokenUri = 'token_uri' in value && typeof value.token_uri === 'string' ? value.token_uri : undefined
  return { account, tokenUrl: account === undefined || tokenUri === undefined ? undefined : parseUrl(tokenUri) }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new AppError('GOOGLE_CREDENTIAL_INVALID', 'The token_uri of the credential file is no http or https URL.')
}

/** The error of a failed parse quotes the text, and the text holds secrets, so it goes no further. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
