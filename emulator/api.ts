import type { IncomingMessage } from 'node:http'
import type { Caller } from './access-tokens.ts'
import { type Answer, htmlPage, json } from './answer.ts'
import { mayCall } from './api-scopes.ts'
import { accountRequired, insufficientScopes, invalidToken, unregisteredCaller } from './auth-errors.ts'
import { about } from './drive-about.ts'
import type { DriveChanges } from './drive-changes.ts'
import type { FaultAction } from './faults.ts'
import { GoogleError } from './google-error.ts'
import type { LiveWorkbook } from './live-workbook.ts'
import { errorFor } from './made-errors.ts'
import { quotaExceeded } from './quota-error.ts'
import type { ExceededLimit, ReadQuotas } from './read-quotas.ts'
import { apiOf, read } from './reads.ts'
import { isChangeCall, type Route } from './route.ts'

/** A call of one of Google's APIs. */
export interface ApiRequest extends Route {
  readonly request: IncomingMessage
  readonly body: string
  /** The bearer token that came with it. */
  readonly token: string | undefined
  /** Whom that token is for, where it was issued here. */
  readonly caller: Caller | undefined
}

export interface ApiOptions {
  readonly workbooks: ReadonlyMap<string, LiveWorkbook>
  readonly changes: DriveChanges
  readonly quotas: ReadQuotas
  readonly requireAuth: boolean
  readonly now: () => number
}

/** What Sheets and Drive answer: who may call, how often, and with what, errors included. */
export class Api {
  readonly #options: ApiOptions

  constructor(options: ApiOptions) {
    this.#options = options
  }

  /** The answer to a call, or to one that a fault strikes. */
  answer(call: ApiRequest, fault: FaultAction | undefined): Answer {
    const { kind, query, spreadsheetId, caller, body } = call
    const { changes, workbooks } = this.#options
    const over = this.#overQuota(call)
    try {
      if (fault && !('kind' in fault)) {
        const { status, body, headers, reason } = fault
        if (body !== undefined) return { status, body: [body], ...(headers && { headers }) }
        const made = failure(errorFor({ api: apiOf(call), kind, spreadsheetId }, status, reason), call)
        return headers ? { ...made, headers } : made
      }
      if (fault?.kind === 'html') return htmlPage(fault.status ?? 502)
      this.#checkCredential(call)
      if (over) throw quotaExceeded(over)
      if (kind === 'about.get') return about(identified(call), query)
      if (isChangeCall(kind)) return changes.answer(call, body, caller?.email)
      const rows = fault?.kind === 'short' ? fault.rows : undefined
      return read(call, workbooks.get(spreadsheetId), { email: caller?.email, rows })
    } catch (error) {
      if (error instanceof GoogleError) return failure(error, call)
      throw error
    }
  }

  /** Throws what Google answers to a credential that is none, has ended, or does not reach that far. */
  #checkCredential(call: ApiRequest): void {
    const { kind, query, token, caller } = call
    const api = apiOf(call)
    if (caller?.hasEnded) throw invalidToken(api, kind, true)
    if (caller && !mayCall(api, caller.scopes)) throw insufficientScopes(api, kind)
    if (!this.#options.requireAuth || caller) return
    if (token !== undefined) throw invalidToken(api, kind, false)
    if (!query.has('key')) throw unregisteredCaller()
    if (isChangeCall(kind)) throw accountRequired(kind, true)
  }

  /** Counts a read against the quotas; the one that it is too many for. */
  #overQuota({ kind, caller }: ApiRequest): ExceededLimit | undefined {
    if (kind !== 'spreadsheets.get' && !kind.startsWith('values.')) return undefined
    return caller?.hasEnded ? undefined : this.#options.quotas.take(caller, this.#options.now())
  }
}

/** Who calls a method about an account. Throws Google's 401 where no token tells. */
function identified({ kind, query, token, caller }: ApiRequest): Caller {
  if (caller) return caller
  throw token === undefined ? accountRequired(kind, query.has('key')) : invalidToken('drive', kind, false)
}

/** An error's answer. Google's client libraries are given the list `errors` too; plain callers, as recorded, are not. */
function failure(error: GoogleError, call: ApiRequest): Answer {
  const { request, query } = call
  const agent = `${request.headers['user-agent'] ?? ''} ${request.headers['x-goog-api-client'] ?? ''}`
  const library = /google-api-|gdcl\//.test(agent) || query.get('alt') === 'json' || query.get('$.xgafv') === '1'
  const body = apiOf(call) === 'drive' ? error.driveBody() : error.sheetsBody(library)
  const { headers } = error
  return { ...json(error.code, body, query.get('prettyPrint') !== 'false'), ...(headers && { headers }) }
}
