import { LRUCache } from 'lru-cache'
import { mapAll } from '../concurrency/map-all.ts'
import { AppError } from '../errors.ts'
import { DEFAULT_CREDENTIAL } from '../model/sync-request.ts'
import type { Clock } from '../ports/clock.ts'
import type { CredentialState, Credentials } from '../ports/credentials.ts'
import type { Log } from '../ports/log.ts'
import { redact } from '../redaction.ts'
import { CredentialFolder, unknownCredential } from './credential-folder.ts'
import { type CredentialFile, readCredentialFile } from './google-credential.ts'
import { WatchedFile } from './watched-file.ts'

/** Credentials that are known at a time, and listed. */
const MOST = 1000

/** Files that are read at a time. */
const READ_AT_A_TIME = 8

/** A credential as it is now; the same object for as long as it does not change. */
export interface Credential {
  readonly name: string
  readonly kind: CredentialState['kind']
  readonly file?: CredentialFile
  /** Secret. */
  readonly apiKey?: string
}

export interface GoogleCredentialsOptions {
  /** GOOGLE_CREDENTIALS: a folder of key files. */
  readonly folder?: string | undefined
  /** GOOGLE_APPLICATION_CREDENTIALS: the file of `default`. */
  readonly credentialFile?: string | undefined
  /** GOOGLE_API_KEY: `default` where there is no such file. */
  readonly apiKey?: string | undefined
  readonly clock: Clock
}

type Use = Pick<CredentialState, 'health' | 'error' | 'lastUsedAt'>

const UNUSED: Use = { health: 'unused', error: null, lastUsedAt: null }

/**
 * The Google credentials that the settings name. Files are read when they are first needed, and anew when they change, so
 * that one is added, replaced and removed without a restart; one that is damaged harms no other.
 */
export class GoogleCredentials implements Credentials {
  readonly #options: GoogleCredentialsOptions
  readonly #folder: CredentialFolder | undefined
  readonly #ofSettings: WatchedFile<Credential> | Credential | undefined
  readonly #files = new LRUCache<string, WatchedFile<Credential>>({ max: MOST })
  readonly #uses = new LRUCache<string, Use>({ max: MOST })
  readonly #none: Credential = { name: DEFAULT_CREDENTIAL, kind: 'none' }

  constructor(options: GoogleCredentialsOptions) {
    this.#options = options
    const { folder, credentialFile: path, apiKey, clock } = options
    if (folder !== undefined) this.#folder = new CredentialFolder(folder)
    const name = DEFAULT_CREDENTIAL
    if (path !== undefined) {
      const read = async () => withFile(name, await readCredentialFile(path))
      this.#ofSettings = new WatchedFile({ path, read, clock })
    } else if (apiKey !== undefined) {
      this.#ofSettings = { name, kind: 'api-key', apiKey }
    }
  }

  /** Rejects where the settings and the folder both say what `default` is. */
  async start(): Promise<void> {
    const isThere = this.#ofSettings !== undefined && (await this.#folder?.has(DEFAULT_CREDENTIAL).catch(() => false))
    if (!isThere) return
    const setting = this.#options.credentialFile === undefined ? 'GOOGLE_API_KEY' : 'GOOGLE_APPLICATION_CREDENTIALS'
    throw new AppError(
      'GOOGLE_CREDENTIAL_INVALID',
      `${setting} is set, and the folder GOOGLE_CREDENTIALS holds default.json: both say what the credential "default" is.`,
      { hint: `Unset ${setting}, or give the file another name.` },
    )
  }

  /** Rejects with CREDENTIAL_UNKNOWN, with GOOGLE_CREDENTIAL_INVALID, and where no descriptor is left to read a file by. */
  async find(name: string): Promise<Credential> {
    const isDefault = name === DEFAULT_CREDENTIAL
    if (isDefault && this.#ofSettings !== undefined) {
      return this.#ofSettings instanceof WatchedFile ? this.#ofSettings.current() : this.#ofSettings
    }
    const folder = this.#folder
    if (folder === undefined) {
      if (isDefault) return this.#none
      throw unknownCredential(name)
    }
    try {
      return await this.#fileOf(folder, name).current()
    } catch (error) {
      if (!isUnknown(error)) throw error
      this.#files.delete(name)
      if (isDefault) return this.#none
      throw error
    }
  }

  async requireKnown(name: string): Promise<void> {
    if (name === DEFAULT_CREDENTIAL || (await this.#folder?.has(name))) return
    throw unknownCredential(name)
  }

  async list(fits: (name: string) => boolean): Promise<readonly CredentialState[]> {
    const inFolder = (await this.#names()).filter((name) => name !== DEFAULT_CREDENTIAL)
    const names = [DEFAULT_CREDENTIAL, ...inFolder].filter(fits).slice(0, MOST)
    const states = await mapAll(names, READ_AT_A_TIME, (name) => this.#stateOf(name))
    return states.filter((state) => state !== undefined)
  }

  /** What was called with the credential: with the error where Google did not accept it, else with `undefined`. */
  noteUse(name: string, failure: AppError | undefined, actsFor?: string): void {
    const at = this.#options.clock.now().toISOString()
    const error = failure === undefined ? null : shownError(failure, at, actsFor)
    this.#uses.set(name, { health: error === null ? 'ok' : 'failing', error, lastUsedAt: at })
    // The file may be another one already.
    if (failure !== undefined) this.#watchedFile(name)?.expire()
  }

  /** Says beforehand what syncs would fail with. The rows that there are can be read all the same. */
  async warnOfFaults(log: Log, hasEndpoint: boolean): Promise<void> {
    if (this.#folder === undefined && this.#ofSettings === undefined && !hasEndpoint) {
      log.warn(
        {},
        'No Google credential: set GOOGLE_APPLICATION_CREDENTIALS to a service-account key file, or GOOGLE_CREDENTIALS to a folder of them (or GOOGLE_API_KEY for public spreadsheets); until then every sync fails with GOOGLE_CREDENTIAL_MISSING.',
      )
    }
    const { names, misnamed } = (await this.#folder?.names().catch((error: NodeJS.ErrnoException) => {
      log.warn(
        { code: error.code },
        error.code === 'ENOTDIR'
          ? 'GOOGLE_CREDENTIALS names a file, and not a folder of key files: it holds no credential; GOOGLE_APPLICATION_CREDENTIALS names a single one'
          : 'the folder GOOGLE_CREDENTIALS cannot be read; until it can, it holds no credential',
      )
    })) ?? { names: [], misnamed: 0 }
    if (misnamed > 0) {
      log.warn({ misnamed }, 'key files in GOOGLE_CREDENTIALS are passed over: names are 1 to 64 of a-z 0-9 . _ -')
    }
    for (const name of new Set([DEFAULT_CREDENTIAL, ...names.slice(0, MOST)])) {
      const fault = await this.find(name).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (fault === undefined) continue
      const fields = this.#folder === undefined ? { err: fault } : { err: fault, credential: name }
      log.warn(fields, 'the Google credential cannot be used; until it can, every sync with it fails')
    }
  }

  #fileOf(folder: CredentialFolder, name: string): WatchedFile<Credential> {
    const known = this.#files.get(name)
    if (known !== undefined) return known
    const { clock } = this.#options
    const read = async () => withFile(name, await folder.read(name))
    const file = new WatchedFile({ path: folder.pathOf(name), read, isGone: isUnknown, clock })
    this.#files.set(name, file)
    return file
  }

  #watchedFile(name: string): WatchedFile<Credential> | undefined {
    if (name === DEFAULT_CREDENTIAL && this.#ofSettings instanceof WatchedFile) return this.#ofSettings
    return this.#files.get(name)
  }

  /** A folder that is not there holds none: it may be mounted later. */
  async #names(): Promise<readonly string[]> {
    return (await this.#folder?.names().catch(() => undefined))?.names ?? []
  }

  /** `undefined` for one that is gone. */
  async #stateOf(name: string): Promise<CredentialState | undefined> {
    const use = this.#uses.get(name) ?? UNUSED
    try {
      const { kind, file } = await this.find(name)
      return { name, account: file?.account ?? null, kind, project: file?.project ?? null, ...use }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (isUnknown(error)) return undefined
      const shown = shownError(error, this.#options.clock.now().toISOString())
      return { name, account: null, kind: 'other', project: null, ...use, health: 'failing', error: shown }
    }
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof AppError && error.code === 'CREDENTIAL_UNKNOWN'
}

function withFile(name: string, file: CredentialFile): Credential {
  return { name, kind: file.kind, file }
}

/** For everybody who may use the credential: whom it acted for is not theirs to know. */
function shownError(
  { code, message, hint }: AppError,
  at: string,
  actsFor?: string,
): NonNullable<CredentialState['error']> {
  const without = (text: string) => redact(actsFor === undefined ? text : text.replaceAll(actsFor, 'a person'))
  return { code, detail: without(message), hint: hint === undefined ? null : without(hint), at }
}
