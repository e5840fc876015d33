import { auth as google } from 'googleapis/build/src/apis/sheets/index.js'
import type { Test } from 'tap'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts'

/** An emulator that is closed when the test ends. */
export async function start(t: Test, options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options)
  t.teardown(() => emulator.close())
  return emulator
}

export interface Got {
  status: number
  headers: Headers
  text: string
  body: unknown
}

/** A GET with each query value encoded; the body parsed where it is JSON. */
export async function get(
  emulator: Emulator,
  path: string,
  query: Record<string, string | string[]> = {},
  headers: Record<string, string> = {},
): Promise<Got> {
  const url = new URL(path, emulator.rootUrl)
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) url.searchParams.append(name, value)
  }
  const response = await fetch(url, { headers })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

/** Reads one range of a workbook. */
export function values(
  emulator: Emulator,
  id: string,
  range: string,
  query: Record<string, string> = {},
): Promise<Got> {
  return get(emulator, `v4/spreadsheets/${id}/values/${encodeURIComponent(range)}`, query)
}

/** What a sync asks for. */
export const SCOPES = [
  'https://www.googleapis.com/auth/spreadsheets.readonly',
  'https://www.googleapis.com/auth/drive.metadata.readonly',
]

/**
 * Google's own client of a service account, perhaps acting as a user, whose tokens come from `token_uri`, which the
 * library itself does not read.
 */
export function serviceAccount(key: Record<string, string>, subject?: string, scopes: readonly string[] = SCOPES) {
  const auth = new google.JWT({
    email: key.client_email ?? '',
    key: key.private_key ?? '',
    scopes: [...scopes],
    ...(subject !== undefined && { subject }),
  })
  auth.transporter.interceptors.request.add({
    resolved: async (request) => {
      if (request.url.hostname === 'oauth2.googleapis.com') request.url = new URL(key.token_uri ?? '')
      return request
    },
  })
  return auth
}

/** The header of a bearer token. */
export function bearer(token: string | null | undefined): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

/** The body of a POST to the control surface. */
export async function control(emulator: Emulator, name: string, body: unknown, method = 'POST'): Promise<Got> {
  const response = await fetch(new URL(`emulator/${name}`, emulator.rootUrl), { method, body: JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) }
}
