import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isOutOfDescriptors } from '../disk/descriptors.ts'
import { AppError } from '../errors.ts'
import { CREDENTIAL_NAME } from '../model/sync-request.ts'
import { type CredentialFile, readCredentialFile } from './google-credential.ts'

const SUFFIX = '.json'

/** The folder GOOGLE_CREDENTIALS: each file `NAME.json` in it is a credential, whatever else lies there is none. */
export class CredentialFolder {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The file of a credential, which need not be there. Throws CREDENTIAL_UNKNOWN for what is no name. */
  pathOf(name: string): string {
    if (!CREDENTIAL_NAME.test(name)) throw unknownCredential(name)
    return join(this.#folder, `${name}${SUFFIX}`)
  }

  /** Names of the credentials there are, sorted, and how many key files are passed over as their name is none. Rejects as `readdir` does. */
  async names(): Promise<{ readonly names: readonly string[]; readonly misnamed: number }> {
    const files = (await readdir(this.#folder)).filter((file) => file.endsWith(SUFFIX) && !file.startsWith('.'))
    const all = files.map((file) => file.slice(0, -SUFFIX.length))
    const names = all.filter((name) => CREDENTIAL_NAME.test(name)).sort()
    return { names, misnamed: all.length - names.length }
  }

  async has(name: string): Promise<boolean> {
    return (await statOf(this.pathOf(name))) !== undefined
  }

  /** Rejects with CREDENTIAL_UNKNOWN where there is no such file, and as `readCredentialFile` does. */
  async read(name: string): Promise<CredentialFile> {
    const path = this.pathOf(name)
    if ((await statOf(path)) === undefined) throw unknownCredential(name)
    return readCredentialFile(path, `The key file of the credential ${name}`)
  }
}

/** There is no credential of this name, or not any more. */
export function unknownCredential(name: string): AppError {
  return new AppError('CREDENTIAL_UNKNOWN', `There is no credential ${name}.`)
}

/** What a path leads to; `undefined` where that is nothing. */
async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (isOutOfDescriptors(error)) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
    throw error
  }
}
