import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, bodyOf, htmlPage, json, pause, send, sendCut } from './answer.ts'
import { type CallKind, type CallListener, CallLog, type EmulatorCall } from './calls.ts'
import type { Writable } from './cells.ts'
import type { Emulator, EmulatorOptions, Latency, Quota } from './contract.ts'
import { control } from './control.ts'
import { type Fault, type FaultAction, Faults } from './faults.ts'
import { errorFor, GoogleError, invalidToken, quotaExceeded, unregisteredCaller } from './google-error.ts'
import { type Access, LiveWorkbook } from './live-workbook.ts'
import { ReadWindow } from './read-window.ts'
import { apiOf, read } from './reads.ts'
import { type Route, route } from './route.ts'
import { Tokens } from './tokens.ts'
import type { Workbook } from './workbook.ts'
import { loadWorkbooks } from './workbook-files.ts'

export type { CallKind, CallListener, EmulatorCall } from './calls.ts'
export type { Emulator, EmulatorOptions, Latency, Quota } from './contract.ts'
export type { Fault, FaultAction } from './faults.ts'
export type { Access } from './live-workbook.ts'

/** Starts an emulator that listens when the promise resolves. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const folder = options.folder === undefined ? [] : await loadWorkbooks(options.folder)
  const emulator = new GoogleEmulator(options)
  for (const workbook of [...folder, ...(options.workbooks ?? [])]) emulator.addWorkbook(workbook)
  await emulator.listen()
  return emulator
}

class GoogleEmulator implements Emulator {
  readonly #options: EmulatorOptions
  readonly #now: () => number
  readonly #workbooks = new Map<string, LiveWorkbook>()
  readonly #log = new CallLog()
  readonly #faults = new Faults()
  readonly #tokens: Tokens
  readonly #server: Server
  #latency: Latency
  #quota: Quota | undefined
  #reads = new ReadWindow()
  #root = ''
  #closing: Promise<void> | undefined

  constructor(options: EmulatorOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#tokens = new Tokens(this.#now)
    this.#latency = options.latency ?? {}
    this.#quota = options.quota
    // A client that reuses a connection at the moment it is dropped sees a reset; a minute makes that rare, as at Google.
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.#serve(request, response).catch((error: Error) => {
        // A client that leaves is an error with a code (EPIPE, premature close); one without is a mistake of a test or ours.
        if (!('code' in error)) process.emitWarning(error)
        response.destroy()
      })
    })
  }

  async listen(): Promise<void> {
    const { host = '127.0.0.1', port = 0 } = this.#options
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

  get rootUrl(): string {
    return this.#root
  }

  get tokenUrl(): string {
    return `${this.#root}token`
  }

  get workbooks(): { id: string; title: string }[] {
    return [...this.#workbooks.values()].map(({ id, title }) => ({ id, title }))
  }

  get calls(): readonly EmulatorCall[] {
    return this.#log.calls
  }

  count(kind?: CallKind): number {
    return this.#log.count(kind)
  }

  onCall(listener: CallListener): () => void {
    return this.#log.listen(listener)
  }

  resetCalls(): void {
    this.#log.reset()
  }

  addWorkbook(workbook: Workbook): void {
    this.#workbooks.set(workbook.id, new LiveWorkbook(workbook, this.#now()))
  }

  removeWorkbook(id: string): void {
    this.#workbooks.delete(id)
  }

  setCell(spreadsheetId: string, gid: number, row: number, column: number, value: Writable): void {
    this.#workbook(spreadsheetId).edit(gid, row, column, value, this.#now())
  }

  touch(spreadsheetId: string): void {
    this.#workbook(spreadsheetId).touch()
  }

  setAccess(spreadsheetId: string, access: Access): void {
    this.#workbook(spreadsheetId).access = access
  }

  setLatency(latency: Latency): void {
    this.#latency = latency
  }

  setQuota(quota: Quota | undefined): void {
    this.#quota = quota
    this.#reads = new ReadWindow()
  }

  fail(fault: Fault): void {
    this.#faults.add(fault)
  }

  clearFaults(): void {
    this.#faults.clear()
  }

  serviceAccountKey(): Record<string, string> {
    return this.#tokens.serviceAccountKey(this.tokenUrl)
  }

  userCredentials(): Record<string, string> {
    return this.#tokens.userCredentials(this.tokenUrl)
  }

  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
    return this.#closing
  }

  #workbook(id: string): LiveWorkbook {
    const workbook = this.#workbooks.get(id)
    if (!workbook) throw new RangeError(`the emulator has no workbook ${id}`)
    return workbook
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request
    if (url.startsWith('/emulator/')) return send(request, response, await control(this, request))
    const to = route(method, url)
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const { kind, spreadsheetId, path, query } = to
    const call = await this.#log.arrive({
      at: this.#now(),
      kind,
      spreadsheetId,
      path,
      query,
      authorization: token !== undefined,
    })
    const form = kind === 'token' ? new URLSearchParams(await bodyOf(request)) : undefined
    const fault = this.#faults.match(call)
    const action = fault && 'kind' in fault ? fault.kind : undefined
    if (action === 'hang') return
    if (action === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    const answer = form && !fault ? this.#tokens.grant(form) : this.#answer(request, to, token, fault)
    call.cells = answer.cells ?? 0
    const slow = fault && 'kind' in fault && fault.kind === 'slow' ? fault.ms : 0
    const { baseMs = 0, perCellUs = 0 } = this.#latency
    await pause(response, slow + baseMs + (call.cells * perCellUs) / 1000)
    if (response.destroyed) return
    call.status = answer.status
    if (fault && 'kind' in fault && fault.kind === 'cut') return sendCut(response, answer, fault.afterBytes ?? 100)
    const beforeEnd = () => {
      if (!fault || !('kind' in fault) || fault.kind !== 'edit') return
      this.setCell(spreadsheetId, fault.gid, fault.row, fault.column, fault.value)
    }
    await send(request, response, answer, { gzip: this.#options.gzip ?? false, beforeEnd })
  }

  /** The answer to an API call, errors included. */
  #answer(request: IncomingMessage, to: Route, token: string | undefined, fault: FaultAction | undefined): Answer {
    const api = apiOf(to.kind, to.path)
    const over = this.#overQuota(to.kind)
    try {
      if (fault && !('kind' in fault)) {
        const { status, body, headers, reason } = fault
        if (body !== undefined) return { status, body: [body], ...(headers && { headers }) }
        const made = this.#failure(errorFor(api, status, reason, to.spreadsheetId), request, to)
        return headers ? { ...made, headers } : made
      }
      if (fault?.kind === 'html') return htmlPage(fault.status ?? 502)
      if (over) throw quotaExceeded()
      if (this.#options.requireAuth) {
        if (token === undefined && !to.query.has('key')) throw unregisteredCaller()
        if (token !== undefined && !this.#tokens.valid(token)) throw invalidToken(api)
      }
      return read(to, this.#workbooks.get(to.spreadsheetId), fault?.kind === 'short' ? fault.rows : undefined)
    } catch (error) {
      if (error instanceof GoogleError) return this.#failure(error, request, to)
      throw error
    }
  }

  /** An error's answer. Google's client libraries are given the list `errors` too; plain callers, as recorded, are not. */
  #failure(error: GoogleError, request: IncomingMessage, { kind, path, query }: Route): Answer {
    const agent = `${request.headers['user-agent'] ?? ''} ${request.headers['x-goog-api-client'] ?? ''}`
    const library = /google-api-|gdcl\//.test(agent) || query.get('alt') === 'json' || query.get('$.xgafv') === '1'
    const body = apiOf(kind, path) === 'drive' ? error.driveBody() : error.sheetsBody(library)
    return json(error.code, body, query.get('prettyPrint') !== 'false')
  }

  /** Counts a read against the quota; whether it is one too many. */
  #overQuota(kind: CallKind): boolean {
    if (kind !== 'spreadsheets.get' && !kind.startsWith('values.')) return false
    return this.#quota !== undefined && !this.#reads.take(this.#quota.readsPerMinute, this.#now())
  }
}
