import { setTimeout as delay } from 'node:timers/promises'
import { createApiKey } from '../../src/api-keys.ts'
import type { ApiKeyEntry } from '../../src/api-keys-file.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import type { Scope } from '../../src/syncs/caller.ts'
import { finished } from './service.ts'

/** Makes keys with these scopes, by name, and the setting that makes them known to a service. */
export function someKeys<Name extends string>(scopes: Readonly<Record<Name, readonly Scope[]>>) {
  const made = Object.entries(scopes).map(([name, list]) => ({ name, ...createApiKey(name, list as readonly Scope[]) }))
  return {
    setting: made.map(({ entry }) => entry).join(','),
    keys: Object.fromEntries(made.map(({ name, key }) => [name, key])) as Record<Name, string>,
  }
}

/** Makes keys with these rights, by name, and the entries of the file that makes them known to a service. */
export function someEntries<Name extends string>(
  rights: Readonly<Record<Name, Partial<Omit<ApiKeyEntry, 'name' | 'sha256'>>>>,
) {
  const made = Object.entries(rights).map(([name, right]) => ({ name, right, ...createApiKey(name, []) }))
  const entries = made.map(({ name, right, digest }) => ({
    name,
    scopes: ['read', 'write'] as Scope[],
    sha256: [digest],
    ...(right as object),
  }))
  return {
    entries: Object.fromEntries(entries.map((entry) => [entry.name, entry])) as Record<Name, ApiKeyEntry>,
    keys: Object.fromEntries(made.map(({ name, key }) => [name, key])) as Record<Name, string>,
  }
}

/** A client of a service that sends the same key with every request, or none. */
export class ApiClient {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, key?: string) {
    this.#url = url
    this.#headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  }

  send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method,
      headers: { ...this.#headers, ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  async status(method: string, path: string, body?: unknown): Promise<number> {
    const answer = await this.send(method, path, body)
    await answer.arrayBuffer()
    return answer.status
  }

  async json<T = unknown>(path: string): Promise<T> {
    return (await (await this.send('GET', path)).json()) as T
  }

  async start(body: SyncRequestInput): Promise<SyncView> {
    const answer = await this.send('POST', '/syncs', body)
    const sync = (await answer.json()) as SyncView
    if (answer.status !== 202) throw new Error(`POST /syncs answered ${answer.status}: ${JSON.stringify(sync)}`)
    return sync
  }

  /** Starts a sync and waits for its end. */
  async sync(body: SyncRequestInput): Promise<SyncView> {
    let sync = await this.start(body)
    while (!finished(sync)) {
      await delay(25)
      sync = await this.json(`/syncs/${sync.id}`)
    }
    return sync
  }
}
