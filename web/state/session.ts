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
  ownToken.value = ''
}

/** The user's own access token of Google's; it is kept until the page is left or loaded anew. Empty: none. */
export const ownToken = signal('')

/** The service's client, with the key and the token as they are now. */
export const client = computed(() =>
  createClient({
    baseUrl: BASE,
    ...(key.value !== '' && { apiKey: key.value }),
    ...(ownToken.value !== '' && { googleAccessToken: ownToken.value }),
  }),
)

/** Saves a file of the service under its name. With a key or a token it must be read whole first, as a link bears neither. */
export async function download(path: string, name: string): Promise<void> {
  const headers = {
    ...(key.peek() !== '' && { authorization: `Bearer ${key.peek()}` }),
    ...(ownToken.peek() !== '' && { 'x-google-access-token': ownToken.peek() }),
  }
  if (Object.keys(headers).length === 0) return follow(`${BASE}${path}`, name)
  const response = await fetch(`${BASE}${path}`, { headers, cache: 'no-store' })
  if (!response.ok) throw answerError(response, await response.json().catch(() => undefined))
  save(await response.blob(), name)
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
