import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { parseJson } from './parse-json.ts'

const credential = z.object({
  type: z.string(),
  client_email: z.string().optional().catch(undefined),
  token_uri: z.string().optional().catch(undefined),
})

/** What a credentials file says about itself, without its secrets. */
export interface CredentialFile {
  /** `client_email` of a service account; absent for other kinds. */
  readonly account: string | undefined
  /** `token_uri` of a service account, where its tokens come from; absent for other kinds. */
  readonly tokenUrl: URL | undefined
}

/** Reads the file that GOOGLE_APPLICATION_CREDENTIALS names. Rejects with GOOGLE_CREDENTIAL_INVALID if it is none. */
export async function readCredentialFile(path: string): Promise<CredentialFile> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const message = `The credential file cannot be read (${error.code ?? 'unknown error'}).`
    throw new AppError('GOOGLE_CREDENTIAL_INVALID', message, { cause: error })
  })
  const { success, data } = credential.safeParse(parseJson(text))
  if (!success) {
    throw new AppError('GOOGLE_CREDENTIAL_INVALID', 'The credential file is no Google credential in JSON.')
  }
  const { client_email: account, token_uri: tokenUri } = data
  return { account, tokenUrl: account === undefined || tokenUri === undefined ? undefined : parseUrl(tokenUri) }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new AppError('GOOGLE_CREDENTIAL_INVALID', 'The token_uri of the credential file is no http or https URL.')
}
