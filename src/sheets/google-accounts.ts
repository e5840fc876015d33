import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { isOutOfDescriptors } from '../disk/descriptors.ts'
import { type ReadAccount, type Reader, readerName, TOKENS_PROJECT } from '../model/reader.ts'
import type { Clock } from '../ports/clock.ts'
import { SignInFault } from './call-fault.ts'
import { GoogleApi, type GoogleApiOptions, type SheetsApi } from './google-api.ts'
import type { SignInWith } from './google-clients.ts'
import type { Credential, GoogleCredentials } from './google-credentials.ts'
import { outOfDescriptors } from './google-errors.ts'

/** Clients that are kept at a time, each with its token; the one that was used least lately goes first. */
const MOST = 200

/** Milliseconds after which a client that was not used is made anew. */
const IDLE_MS = 3_600_000

/** What a reader calls Google with, and whose reads those calls are. */
export interface OpenAccount<Api = SheetsApi> {
  readonly api: Api
  readonly account: ReadAccount
}

/** Google as each reader calls it. */
export interface Accounts<Api = SheetsApi> {
  /**
   * To be called before each call, as a credential may have changed. Rejects with an AppError where there is none or it
   * cannot be used, and with a CallFault where that may pass.
   */
  open(reader: Reader): Promise<OpenAccount<Api>>
}

export interface GoogleAccountsOptions {
  readonly credentials: Pick<GoogleCredentials, 'find' | 'noteUse'>
  /** Another endpoint than Google's. */
  readonly rootUrl?: string | undefined
  readonly tokenTimeoutMs?: number | undefined
  readonly clock: Clock
}

/** Makes a client for each credential and person, or token, when it is first needed, and anew when the credential has changed. */
export class GoogleAccounts implements Accounts<GoogleApi> {
  readonly #options: GoogleAccountsOptions
  readonly #opened: LRUCache<string, OpenAccount<GoogleApi> & { readonly of?: Credential }>

  constructor(options: GoogleAccountsOptions) {
    this.#options = options
    const perf = { now: () => options.clock.monotonic() }
    this.#opened = new LRUCache({ max: MOST, ttl: IDLE_MS, updateAgeOnGet: true, perf })
  }

  async open(reader: Reader): Promise<OpenAccount<GoogleApi>> {
    const name = readerName(reader)
    if ('token' in reader) {
      // Whoever has two tokens has two clients.
      const key = `token ${hash('sha256', reader.token)}`
      return this.#opened.get(key) ?? this.#make(key, { name, project: TOKENS_PROJECT }, { token: reader.token })
    }
    const { credential, actAs } = reader
    const found = await this.#find(credential)
    const known = this.#opened.get(name)
    if (known?.of === found) return known
    const { file, apiKey } = found
    const account = { name, project: file?.project ?? credential }
    return this.#make(name, account, { file, apiKey, actAs: actAs ?? undefined }, found)
  }

  #make(key: string, account: ReadAccount, signIn: SignInWith, of?: Credential): OpenAccount<GoogleApi> {
    const { credentials, rootUrl, tokenTimeoutMs, clock } = this.#options
    const { name: credential } = of ?? {}
    const onUse: GoogleApiOptions['onUse'] =
      credential === undefined ? undefined : (failure) => credentials.noteUse(credential, failure, signIn.actAs)
    const api = new GoogleApi({ ...signIn, credential, rootUrl, tokenTimeoutMs, clock, onUse })
    const opened = { api, account, ...(of && { of }) }
    this.#opened.set(key, opened)
    return opened
  }

  async #find(credential: string): Promise<Credential> {
    try {
      return await this.#options.credentials.find(credential)
    } catch (error) {
      if (!isOutOfDescriptors(error)) throw error
      const { kind, message } = outOfDescriptors()
      throw new SignInFault(kind, message)
    }
  }
}
