import { z } from 'zod'
import type { FileState } from '../ports/change-feed.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import { readEntry } from '../ports/read-entry.ts'

/** Milliseconds after which what is known of a file is forgotten; it is then asked for anew. */
const FILE_TTL_MS = 90 * 86_400_000

const tokens = z.object({
  account: z.string().nullable(),
  drives: z.record(z.string(), z.string()),
})
/** From where each log is listed next. */
export type PageTokens = z.output<typeof tokens>

const fileState = z.object({
  version: z.string().nullable(),
  driveId: z.string().nullable(),
  isInAccountLog: z.boolean(),
})

const NO_TOKENS: PageTokens = { account: null, drives: {} }

/** Another process has written: it polls now. */
export class PollerSuperseded extends Error {
  override readonly name = 'PollerSuperseded'
}

/** What the poller of one credential must not forget when it ends. */
export class ChangeRecords {
  readonly #records: KeyValueStore
  readonly #credential: string
  #tokens = NO_TOKENS
  #tokensVersion: string | undefined

  /** `credential`: its name, of `A-Za-z0-9_-`. */
  constructor(records: KeyValueStore, credential: string) {
    this.#records = records
    this.#credential = credential
  }

  get tokens(): PageTokens {
    return this.#tokens
  }

  /** Reads the tokens that the last poller has left; a record that is damaged holds none. */
  async open(): Promise<void> {
    const { value, version } = await readEntry(this.#records, this.#tokensKey)
    this.#tokens = tokens.safeParse(value).data ?? NO_TOKENS
    this.#tokensVersion = version
  }

  /** Stores tokens. Rejects with {@link PollerSuperseded} when another process has stored some since `open`. */
  async storeTokens(next: PageTokens): Promise<void> {
    const version = await this.#records.compareAndSwap(this.#tokensKey, this.#tokensVersion, next)
    if (version === undefined) throw new PollerSuperseded('another process polls for this credential')
    this.#tokens = next
    this.#tokensVersion = version
  }

  /** Forgets where the logs were listed to. */
  async removeTokens(): Promise<void> {
    await this.#records.remove(this.#tokensKey)
    this.#tokens = NO_TOKENS
    this.#tokensVersion = undefined
  }

  async readFile(spreadsheetId: string): Promise<FileState | undefined> {
    const { value } = await readEntry(this.#records, this.#fileKey(spreadsheetId))
    return fileState.safeParse(value).data
  }

  async storeFile(spreadsheetId: string, { version, driveId, isInAccountLog }: FileState): Promise<void> {
    const key = this.#fileKey(spreadsheetId)
    for (let tries = 0; tries < 2; tries++) {
      const entry = await readEntry(this.#records, key)
      const expiresAt = new Date(entry.now + FILE_TTL_MS).toISOString()
      const value = { version, driveId, isInAccountLog, expiresAt }
      if ((await this.#records.compareAndSwap(key, entry.version, value)) !== undefined) return
    }
    throw new PollerSuperseded('another process polls for this credential')
  }

  async removeFile(spreadsheetId: string): Promise<void> {
    await this.#records.remove(this.#fileKey(spreadsheetId))
  }

  get #tokensKey(): string {
    return `${this.#credential}-tokens`
  }

  #fileKey(spreadsheetId: string): string {
    return `${this.#credential}-file-${spreadsheetId}`
  }
}
