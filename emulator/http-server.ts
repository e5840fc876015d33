import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AccessTokens } from './access-tokens.ts'
import { type Answer, bodyOf, pause, send, sendCut } from './answer.ts'
import type { Api } from './api.ts'
import type { CallLog } from './calls.ts'
import type { Latency } from './contract.ts'
import type { FaultAction, Faults } from './faults.ts'
import { route } from './route.ts'
import type { TokenEndpoint } from './token-endpoint.ts'

/** An edit that a fault makes while a call is answered. */
type Edit = Extract<FaultAction, { kind: 'edit' }>

export interface HttpServerOptions {
  readonly log: CallLog
  readonly faults: Faults
  readonly tokens: AccessTokens
  readonly tokenEndpoint: TokenEndpoint
  readonly api: Api
  /** Answers what is asked of the emulator itself. */
  readonly control: (request: IncomingMessage) => Promise<Answer>
  readonly edit: (spreadsheetId: string, edit: Edit) => void
  readonly gzip: boolean
  readonly latency: Latency
  readonly now: () => number
}

/** Takes calls, logs them, strikes them with faults, and sends the answers. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #server: Server
  #root = ''
  latency: Latency

  constructor(options: HttpServerOptions) {
    this.#options = options
    this.latency = options.latency
    // A client that reuses a connection at the moment it is dropped sees a reset; a minute makes that rare, as at Google.
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.#serve(request, response).catch((error: Error) => {
        // A client that leaves is an error with a code (EPIPE, premature close); one without is a mistake of a test or ours.
        if (!('code' in error)) process.emitWarning(error)
        response.destroy()
      })
    })
  }

  /** Empty until it listens. */
  get rootUrl(): string {
    return this.#root
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const { port: actual } = this.#server.address() as AddressInfo
    this.#root = `http://${host.includes(':') ? `[${host}]` : host}:${actual}/`
  }

  /** Drops open connections. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log, faults, tokens, tokenEndpoint, api, gzip } = this.#options
    const { method = 'GET', url = '/' } = request
    if (url.startsWith('/emulator/')) return send(request, response, await this.#options.control(request))
    const to = route(method, url)
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const caller = tokens.use(token)
    const { kind, spreadsheetId, path, query } = to
    const call = await log.arrive({
      at: this.#options.now(),
      kind,
      spreadsheetId,
      path,
      query,
      authorization: token !== undefined,
      account: caller?.email ?? null,
      project: caller?.project ?? null,
    })
    const body = method === 'POST' ? await bodyOf(request) : ''
    const form = kind === 'token' ? new URLSearchParams(body) : undefined
    const fault = faults.match(call)
    const action = fault && 'kind' in fault ? fault.kind : undefined
    if (action === 'hang') return
    if (action === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    const answer =
      form && !fault ? tokenEndpoint.grant(form) : api.answer({ ...to, request, body, token, caller }, fault)
    call.cells = answer.cells ?? 0
    call.account = answer.account ?? call.account
    const slow = fault && 'kind' in fault && fault.kind === 'slow' ? fault.ms : 0
    const { baseMs = 0, perCellUs = 0 } = this.latency
    await pause(response, slow + baseMs + (call.cells * perCellUs) / 1000)
    if (response.destroyed) return
    call.status = answer.status
    if (fault && 'kind' in fault && fault.kind === 'cut') return sendCut(response, answer, fault.afterBytes ?? 100)
    const beforeEnd = () => {
      if (fault && 'kind' in fault && fault.kind === 'edit') this.#options.edit(spreadsheetId, fault)
    }
    await send(request, response, answer, { gzip, beforeEnd })
  }
}
