import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import { tabFromRows } from '../../emulator/workbook.ts'
import { compose } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { ApiClient, someEntries } from './callers.ts'
import { aDirectory, anEmulator, environmentFor } from './service.ts'

export const BOOK = '1OwnTokens-0123456789_abcdefghijklmnopqrstuvw'
export const ANN = 'ann@example.com'
export const BOB = 'bob@example.com'
export const HEADER = 'x-google-access-token'

/** Scopes of a token that may read cells, and may not ask Drive whose it is. */
export const SHEETS_ALONE = ['https://www.googleapis.com/auth/spreadsheets.readonly']

/** One key of TOKEN_KEY. */
export const aTokenKey = () => randomBytes(32).toString('base64')

/** An emulator with one spreadsheet of two rows that Ann and Bob share, and nobody else. */
export function anEmulatorOfPeople(t: Test): Promise<Emulator> {
  const people = tabFromRows(0, 'People', [['Name'], ['Ada'], ['Grace']])
  return anEmulator(t, {
    requireAuth: true,
    workbooks: [{ id: BOOK, title: 'Shared', tabs: [people], sharedWith: [ANN, BOB] }],
  })
}

/** A client of a service that sends an API key, and a user's own token, with every request. */
export class TokenClient extends ApiClient {
  readonly #token: Readonly<Record<string, string>>

  constructor(url: string, key: string | undefined, token: string | undefined) {
    super(url, key)
    this.#token = token === undefined ? {} : { [HEADER]: token }
  }

  override send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return super.send(method, path, body, { ...this.#token, ...headers })
  }

  async answer<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; body: T }> {
    const answer = await this.send(method, path, body, headers)
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: (text === '' ? undefined : JSON.parse(text)) as T }
  }

  syncBook(body: Partial<SyncRequestInput> = {}): Promise<SyncView> {
    return this.sync({ spreadsheet: BOOK, ...body })
  }
}

export interface TokenService {
  readonly url: string
  readonly directory: string
  /** Everything that it logged so far. */
  logged(): string
  /** The API key `app`. */
  readonly key: string
  /** A client under the API key `app`, `other`, `admin`, or `plain`, which may use no tokens. */
  client(token?: string, key?: 'app' | 'other' | 'admin' | 'plain'): TokenClient
  close(): Promise<void>
}

const { entries, keys } = someEntries({
  app: { tokens: true },
  other: { tokens: true },
  admin: { tokens: true, scopes: ['admin'] },
  plain: {},
})

/** The whole service in this process, with API keys of which all but `plain` may use tokens. */
export async function aTokenService(
  t: Test,
  emulator: Emulator,
  environment: Record<string, string> = {},
): Promise<TokenService> {
  const directory = environment.DIRECTORY ?? (await aDirectory(t))
  const { DIRECTORY: _directory, ...settings } = environment
  const keysFile = join(directory, 'keys.json')
  await writeFile(keysFile, JSON.stringify({ keys: Object.values(entries) }))
  const config = readConfig({
    ...environmentFor(directory),
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    API_KEYS_FILE: keysFile,
    TOKEN_KEY: aTokenKey(),
    ...settings,
  })
  let output = ''
  const write = (line: string) => {
    output += line
  }
  const log = pino({ level: 'trace' }, { write })
  const service = await compose(config, log)
  t.teardown(() => service.close())
  const url = await service.start()
  return {
    url,
    directory,
    key: keys.app,
    logged: () => output,
    client: (token, key = 'app') => new TokenClient(url, keys[key], token),
    close: () => service.close(),
  }
}
