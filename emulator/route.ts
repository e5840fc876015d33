import type { CallKind } from './calls.ts'

/** Where a request goes. */
export interface Route {
  kind: CallKind
  spreadsheetId: string
  /** The A1 text of `values.get`. */
  range: string
  path: string
  query: URLSearchParams
}

/** A path segment decoded; as it is where its encoding is broken, which then names nothing. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** The methods of Drive's change log. */
const CHANGE_CALLS: ReadonlyMap<string, CallKind> = new Map([
  ['GET /drive/v3/changes/startPageToken', 'changes.getStartPageToken'],
  ['GET /drive/v3/changes', 'changes.list'],
  ['POST /drive/v3/changes/watch', 'changes.watch'],
  ['POST /drive/v3/channels/stop', 'channels.stop'],
])

/** Whether a call is one of those methods. */
export function isChangeCall(kind: CallKind): boolean {
  return kind.startsWith('chan')
}

/** Finds the API method of a request. In a path `+` is itself; in a query it is a space. */
export function route(method: string, url: string): Route {
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))
  const to = (kind: CallKind, id = '', range = ''): Route => ({
    kind,
    spreadsheetId: decode(id),
    range: decode(range),
    path,
    query,
  })
  if (method === 'POST' && path === '/token') return to('token')
  if (method === 'GET' && path === '/drive/v3/about') return to('about.get')
  const change = CHANGE_CALLS.get(`${method} ${path}`)
  if (change) return to(change)
  const file = /^\/drive\/v3\/files\/([^/]+)$/.exec(path)
  if (file) return to(method === 'GET' ? 'files.get' : 'other', file[1])
  const [, id, rest = ''] = /^\/v4\/spreadsheets\/([^/]+)(\/.*)?$/.exec(path) ?? []
  if (id === undefined || method !== 'GET') return to('other', id)
  if (rest === '') return to(id.includes(':') ? 'other' : 'spreadsheets.get', id)
  if (/^\/values(?::|%3A)batchGet$/i.test(rest)) return to('values.batchGet', id)
  return rest.startsWith('/values/') ? to('values.get', id, rest.slice('/values/'.length)) : to('other', id)
}
