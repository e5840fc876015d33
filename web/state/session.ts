import { computed, signal } from '@preact/signals'
import { createClient, SheetsyncError } from 'sheetsync-client'
import { answerError, networkError } from 'sheetsync-client/error'

/** Where the service is: the page is at its root, whatever stands before that. */
export const BASE = new URL('.', location.href).href.replace(/\/$/, '')

const KEPT_AS = 'sheetsync.key'

/** The API key; it is kept for as long as the tab is, and nowhere else. Empty: none. */
const key = signal(sessionStorage.getItem(KEPT_AS) ?? '')
export const hasKey = computed(() => key.value !== '')

/** Takes an API key, or with an empty text forgets it. */
export function setKey(text: string): void {
  if (text === '') sessionStorage.removeItem(KEPT_AS)
  else sessionStorage.setItem(KEPT_AS, text)
  key.value = text
}

/** The service's client, with the key as it is now. */
export const client = computed(() => createClient({ baseUrl: BASE, ...(key.value !== '' && { apiKey: key.value }) }))

export interface CallInit {
  readonly method?: string
  readonly body?: object
  readonly accept?: string
  readonly signal?: AbortSignal | undefined
}

/** Any address of the service, for what the client has no call of. Rejects with a SheetsyncError, or the signal's reason. */
export async function call(path: string, { method = 'GET', body, accept, signal }: CallInit = {}): Promise<Response> {
  const headers: Record<string, string> = { accept: accept ?? 'application/json' }
  if (key.peek() !== '') headers.authorization = `Bearer ${key.peek()}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  let response: Response
  try {
    const init = { method, headers, cache: 'no-store', ...(body && { body: JSON.stringify(body) }) } as const
    response = await fetch(`${BASE}${path}`, signal === undefined ? init : { ...init, signal })
  } catch (error) {
    throw signal?.aborted ? signal.reason : networkError(error)
  }
  if (response.ok) return response
  throw answerError(response, await response.json().catch(() => undefined))
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await call(path, { signal })
  try {
    return (await response.json()) as T
  } catch (error) {
    throw signal?.aborted ? signal.reason : networkError(error)
  }
}

/** Saves a file of the service under its name. With a key it must be read whole first, as a link cannot bear one. */
export async function download(path: string, name: string): Promise<void> {
  if (hasKey.peek()) save(await (await call(path, { accept: '*/*' })).blob(), name)
  else follow(`${BASE}${path}`, name)
}

/** Saves what the page has. */
export function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file)
  follow(url, name)
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

function follow(url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
}

/** What was thrown, as an error of the service. */
export function toError(thrown: unknown): SheetsyncError {
  return thrown instanceof SheetsyncError ? thrown : networkError(thrown)
}
