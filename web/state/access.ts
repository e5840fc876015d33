import { computed, signal } from '@preact/signals'
import type { SheetsyncError } from 'sheetsync-client'
import type { Me } from '../../client/src/types.ts'
import { client, setKey, toError } from './session.ts'

export type Access =
  | { readonly state: 'asking' }
  | { readonly state: 'open'; readonly me: Me }
  /** `refused`: what the service said of the key that was tried; without it none was. */
  | { readonly state: 'key-needed'; readonly refused?: SheetsyncError }
  | { readonly state: 'not-allowed'; readonly error: SheetsyncError }
  /** The service does not answer; it is asked again by itself. */
  | { readonly state: 'gone'; readonly error: SheetsyncError }

export const access = signal<Access>({ state: 'asking' })
export const me = computed(() => (access.value.state === 'open' ? access.value.me : undefined))

/** Whether the key may start, cancel, retry and delete. */
export const mayWrite = computed(() => may('write'))

function may(scope: Me['scopes'][number]): boolean {
  const scopes = me.value?.scopes ?? []
  return scopes.includes(scope) || scopes.includes('admin')
}

let asked = new AbortController()
const RETRY_MS = 2000

/** Asks who the caller is, until the service answers. */
export async function askAccess(): Promise<void> {
  asked.abort()
  asked = new AbortController()
  const { signal: ended } = asked
  for (;;) {
    try {
      access.value = { state: 'open', me: await client.peek().me({ signal: ended }) }
      return
    } catch (thrown) {
      if (ended.aborted) return
      if (noteRefusal(thrown)) return
      access.value = { state: 'gone', error: toError(thrown) }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      if (ended.aborted) return
    }
  }
}

/** Takes another key, or with an empty text none, and asks what it may do. */
export function tryKey(text: string): Promise<void> {
  setKey(text.trim())
  return askAccess()
}

/** Shows that the key is missing, unknown, or may not even read. Returns whether the error says that. */
export function noteRefusal(thrown: unknown): boolean {
  const error = toError(thrown)
  if (error.code === 'API_KEY_MISSING') access.value = { state: 'key-needed' }
  else if (error.code === 'API_KEY_INVALID') access.value = { state: 'key-needed', refused: error }
  else if (error.code === 'API_KEY_SCOPE' && !may('read')) access.value = { state: 'not-allowed', error }
  else return false
  return true
}
