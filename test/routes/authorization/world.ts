import { channel } from 'node:diagnostics_channel'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { tabFromRows } from '../../../emulator/workbook.ts'
import { createApiKey } from '../../../src/api-keys.ts'
import { compose } from '../../../src/compose.ts'
import { readConfig } from '../../../src/config.ts'
import type { SyncView } from '../../../src/model/sync-view.ts'
import { someEntries } from '../../support/callers.ts'
import { aTokenKey, SHEETS_ALONE } from '../../support/own-tokens.ts'
import { aDirectory, anEmulator, environmentFor, finished } from '../../support/service.ts'
import { type Bearer, BOOKS, type Cell, KEYS, type Made, sees, type TokenName } from './model.ts'

export interface Answer {
  readonly status: number
  /** Of a stream nothing is read. */
  readonly text: string
  readonly headers: Headers
}

/** The address of every route that a service has, HEAD as GET, as Fastify itself tells them when it adds them. */
async function routesOf(make: () => Promise<void>): Promise<Set<string>> {
  const routes = new Set<string>()
  const watch = (message: unknown) => {
    ;(message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      for (const name of [method].flat()) routes.add(`${name} ${url}`)
    })
  }
  const initialized = channel('fastify.initialization')
  initialized.subscribe(watch)
  await make().finally(() => initialized.unsubscribe(watch))
  return routes
}

/** One service over HTTP with all the keys, tokens and credentials of the model. */
export async function aWorld(t: Test) {
  const workbooks = BOOKS.map((id) => ({ id, title: 'Matrix', tabs: [tabFromRows(0, 'A', [['Name'], ['nobody']])] }))
  const emulator = await anEmulator(t, { requireAuth: true, workbooks })
  const directory = await aDirectory(t)
  const folder = join(directory, 'credentials')
  await mkdir(folder)
  for (const name of ['agency', 'branch']) {
    await writeFile(join(folder, `${name}.json`), JSON.stringify(emulator.serviceAccountKey(name)))
  }
  const [file, keysFile] = ['default.json', 'keys.json'].map((name) => join(directory, name)) as [string, string]
  await writeFile(file, JSON.stringify(emulator.serviceAccountKey()))
  const { entries, keys } = someEntries(KEYS as Record<string, object>)
  await writeFile(keysFile, JSON.stringify({ keys: Object.values(entries) }))
  const config = readConfig({
    ...environmentFor(directory),
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    GOOGLE_APPLICATION_CREDENTIALS: file,
    GOOGLE_CREDENTIALS: folder,
    GOOGLE_ACT_AS_DOMAINS: 'example.com',
    API_KEYS_FILE: keysFile,
    TOKEN_KEY: aTokenKey(),
    PUBLIC_URL: 'https://sheets.example.com',
    RATE_LIMIT: 'off',
    SNAPSHOTS_KEPT: '500',
  })
  let url = ''
  const routes = await routesOf(async () => {
    const service = await compose(config, pino({ level: 'silent' }))
    t.teardown(() => service.close())
    url = await service.start()
  })

  const of = (email: string, scopes?: readonly string[]) => emulator.userToken({ email, scopes }).access_token
  const tokens: Readonly<Record<TokenName, string | undefined>> = {
    none: undefined,
    ann: of('ann@example.com'),
    annsOther: of('ann@example.com'),
    ben: of('ben@example.com'),
    sheetsAlone: of('ann@example.com', SHEETS_ALONE),
    expired: of('ann@example.com'),
    malformed: 'two words',
  }
  emulator.expireToken(tokens.expired ?? '')
  const bearers: Readonly<Record<string, string>> = { ...keys, unknown: createApiKey('nobody', ['admin']).key }
  const headersOf = ({ bearer, token }: Cell) => ({
    ...(bearer === 'none' ? {} : { authorization: `Bearer ${bearers[bearer]}` }),
    ...(tokens[token] === undefined ? {} : { 'x-google-access-token': tokens[token] }),
  })

  /** All syncs and schedules that were ever made here, by their ids. */
  const made = new Map<string, Made>()
  /** Fails the test where an answer tells of what the cell may not see; `asked`: what it had named itself. */
  const holdBack = (cell: Cell, { text }: Pick<Answer, 'text'>, what: string, asked?: string) => {
    for (const [id] of text.matchAll(
      /(?:sync|schedule)-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g,
    )) {
      const one = made.get(id)
      if (id !== asked && one !== undefined && !sees(cell, one)) t.fail(`${what}: told of ${JSON.stringify(one)}`)
    }
  }
  const open = (cell: Cell, method: string, path: string, body?: object, headers = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: { ...headersOf(cell), ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  const ask = async (...request: Parameters<typeof open>): Promise<Answer> => {
    const answer = await open(...request)
    const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
    if (isStream) await answer.body?.cancel()
    return { status: answer.status, headers: answer.headers, text: isStream ? '' : await answer.text() }
  }
  const untilEnded = async (cell: Cell, id: string): Promise<SyncView> => {
    for (;;) {
      const sync = JSON.parse((await ask(cell, 'GET', `/syncs/${id}`)).text) as SyncView
      if (finished(sync)) return sync
      await delay(15)
    }
  }
  return { emulator, routes, made, open, ask, holdBack, untilEnded }
}
export type World = Awaited<ReturnType<typeof aWorld>>

/** What was answered, as the model says it. */
export function outcomeOf({ status, text }: Answer): string {
  if (status < 400 || text === '') return `${status}`
  return `${status} ${(JSON.parse(text) as { code: string }).code}`
}

export const cell = (bearer: Bearer, token: TokenName = 'none'): Cell => ({ bearer, token })
