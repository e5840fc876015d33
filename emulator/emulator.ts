import { AccessTokens, type IssuedToken } from './access-tokens.ts'
import { Api } from './api.ts'
import { type CallKind, type CallListener, CallLog, type EmulatorCall } from './calls.ts'
import type { Writable } from './cells.ts'
import type { Emulator, EmulatorOptions, Latency, UserToken } from './contract.ts'
import { control } from './control.ts'
import { DriveChanges } from './drive-changes.ts'
import { type Fault, Faults } from './faults.ts'
import { HttpServer } from './http-server.ts'
import { type Access, LiveWorkbook } from './live-workbook.ts'
import { type Quota, ReadQuotas } from './read-quotas.ts'
import { DEFAULT_PROJECT, type Delegation, ServiceAccounts } from './service-accounts.ts'
import { TokenEndpoint, userCredentials } from './token-endpoint.ts'
import type { Workbook } from './workbook.ts'
import { loadWorkbooks } from './workbook-files.ts'

export type { CallKind, CallListener, EmulatorCall } from './calls.ts'
export type { EmulatorNotification } from './channels.ts'
export type { Emulator, EmulatorOptions, Latency, UserToken } from './contract.ts'
export type { Fault, FaultAction } from './faults.ts'
export type { Access } from './live-workbook.ts'
export type { Quota } from './read-quotas.ts'
export type { Delegation } from './service-accounts.ts'

/** Starts an emulator that listens when the promise resolves. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const folder = options.folder === undefined ? [] : await loadWorkbooks(options.folder)
  const emulator = new GoogleEmulator(options)
  for (const workbook of [...folder, ...(options.workbooks ?? [])]) emulator.addWorkbook(workbook)
  await emulator.listen(options)
  return emulator
}

class GoogleEmulator implements Emulator {
  readonly #now: () => number
  readonly #workbooks = new Map<string, LiveWorkbook>()
  readonly #log = new CallLog()
  readonly #faults = new Faults()
  readonly #accounts = new ServiceAccounts()
  readonly #tokens: AccessTokens
  readonly #quotas: ReadQuotas
  readonly #changes: DriveChanges
  readonly #server: HttpServer
  #closing: Promise<void> | undefined

  constructor(options: EmulatorOptions) {
    this.#now = options.now ?? Date.now
    this.#tokens = new AccessTokens(this.#now)
    this.#quotas = new ReadQuotas(options.quota)
    this.#changes = new DriveChanges({
      workbooks: this.#workbooks,
      now: this.#now,
      origin: options.pushOrigin,
      fault: (call) => this.#faults.match(call),
    })
    const api = new Api({
      workbooks: this.#workbooks,
      changes: this.#changes,
      quotas: this.#quotas,
      requireAuth: options.requireAuth ?? false,
      now: this.#now,
    })
    this.#server = new HttpServer({
      log: this.#log,
      faults: this.#faults,
      tokens: this.#tokens,
      tokenEndpoint: new TokenEndpoint(this.#accounts, this.#tokens),
      api,
      control: (request) => control(this, request),
      edit: (id, { gid, row, column, value }) => this.setCell(id, gid, row, column, value),
      gzip: options.gzip ?? false,
      latency: options.latency ?? {},
      now: this.#now,
    })
  }

  async listen({ host = '127.0.0.1', port = 0 }: EmulatorOptions): Promise<void> {
    await this.#server.listen(host, port)
  }

  get rootUrl(): string {
    return this.#server.rootUrl
  }

  get tokenUrl(): string {
    return `${this.rootUrl}token`
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
    const workbook = this.#workbooks.get(id)
    this.#workbooks.delete(id)
    if (workbook) this.#changes.add(workbook)
  }

  setCell(spreadsheetId: string, gid: number, row: number, column: number, value: Writable): void {
    const workbook = this.#workbook(spreadsheetId)
    workbook.edit(gid, row, column, value, this.#now())
    this.#changes.add(workbook)
  }

  touch(spreadsheetId: string): void {
    this.#workbook(spreadsheetId).touch()
    this.view(spreadsheetId)
  }

  setAccess(spreadsheetId: string, access: Access): void {
    this.#workbook(spreadsheetId).access = access
    this.view(spreadsheetId)
  }

  view(spreadsheetId: string): void {
    this.#changes.add(this.#workbook(spreadsheetId))
  }

  expireTokens(): void {
    this.#changes.expireTokens()
  }

  get notifications() {
    return this.#changes.channels.notifications
  }

  get channels() {
    return this.#changes.channels.ids
  }

  setLatency(latency: Latency): void {
    this.#server.latency = latency
  }

  setQuota(quota: Quota | undefined): void {
    this.#quotas.set(quota)
  }

  fail(fault: Fault): void {
    this.#faults.add(fault)
  }

  clearFaults(): void {
    this.#faults.clear()
  }

  serviceAccountKey(name?: string, project?: string): Record<string, string> {
    return this.#accounts.named(name, project).keyFile(this.tokenUrl)
  }

  userCredentials(email?: string): Record<string, string> {
    return userCredentials(this.tokenUrl, email)
  }

  delegate(account: string, delegation: Delegation): void {
    this.#accounts.delegate(account, delegation)
  }

  share(spreadsheetId: string, sharedWith?: readonly string[]): void {
    this.#workbook(spreadsheetId).share(sharedWith)
    this.touch(spreadsheetId)
  }

  userToken(token: UserToken): IssuedToken {
    return this.#tokens.issue({ project: DEFAULT_PROJECT, ...token })
  }

  expireToken(accessToken: string): void {
    this.#tokens.expire(accessToken)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#server.close()
    await this.#changes.close()
  }

  #workbook(id: string): LiveWorkbook {
    const workbook = this.#workbooks.get(id)
    if (!workbook) throw new RangeError(`the emulator has no workbook ${id}`)
    return workbook
  }
}
