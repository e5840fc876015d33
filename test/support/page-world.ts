import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import type { CallListener, Emulator } from '../../emulator/emulator.ts'
import { tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { ApiClient } from './callers.ts'
import { aDirectory, aFreePort, anEmulator, aServiceProcess, environmentFor, type ServiceProcess } from './service.ts'

/** A spreadsheet id like Google's. */
export const bookId = (name: string) => `1${name}-0123456789_abcdefghijklmnopqrstuvwxyz`.slice(0, 44)

/** Orders, in two tabs. */
export const ORDERS: Workbook = {
  id: bookId('Orders'),
  title: 'Orders 2026',
  tabs: [
    tabFromRows(0, 'Orders', [
      ['Order', 'Customer', 'Total'],
      ...Array.from({ length: 240 }, (_, row) => [1000 + row, `Customer ${row % 7}`, row * 1.5]),
    ]),
    tabFromRows(1, 'Customers', [['Name'], ['Ada'], ['Grace']]),
  ],
}

export const urlOf = ({ id }: Pick<Workbook, 'id'>) => `https://docs.google.com/spreadsheets/d/${id}/edit`

/** The service as its users start it, and an emulated Google behind it. */
export interface PageWorld {
  readonly url: string
  readonly directory: string
  readonly google: Emulator
  readonly client: ApiClient
  /** Kills the process, so that nothing of it can be tidied up. */
  kill(): Promise<void>
  /** Starts it again, at the same address. */
  restart(): Promise<void>
}

export async function aPageWorld(
  t: Test,
  workbooks: Workbook[] = [ORDERS],
  settings: Readonly<Record<string, string>> = {},
  { key, prepare }: { key?: string; prepare?: (directory: string) => Promise<void> } = {},
): Promise<PageWorld> {
  const google = await anEmulator(t, { workbooks })
  const directory = await aDirectory(t)
  await prepare?.(directory)
  const port = await aFreePort()
  const environment = {
    ...environmentFor(directory),
    ...{ PORT: String(port), GOOGLE_API_ROOT_URL: google.rootUrl, STATUS_TTL: '1h' },
    ...settings,
  }
  let service: ServiceProcess = await aServiceProcess(t, environment)
  const { url } = service
  return {
    ...{ url, directory, google },
    client: new ApiClient(url, key),
    async kill() {
      await service.end('SIGKILL')
    },
    async restart() {
      service = await aServiceProcess(t, environment)
    },
  }
}

/** Holds every read of values of a spreadsheet from the `nth` one on, until it is let go. */
export function held(google: Emulator, { id }: Pick<Workbook, 'id'>, nth = 1) {
  const gate = Promise.withResolvers<void>()
  const arrival = Promise.withResolvers<void>()
  let seen = 0
  const listen: CallListener = ({ kind, spreadsheetId }) => {
    if (spreadsheetId !== id || !kind.startsWith('values')) return
    seen += 1
    if (seen < nth) return
    arrival.resolve()
    return gate.promise
  }
  const stop = google.onCall(listen)
  return {
    /** Resolves once a read is held. */
    isHeld: arrival.promise,
    release() {
      stop()
      gate.resolve()
    },
  }
}

/** Pastes the URL of a spreadsheet and presses Enter. */
export async function paste(page: Page, book: Pick<Workbook, 'id'>): Promise<void> {
  await page.getByLabel('Spreadsheet URL or id').focus()
  await page.keyboard.insertText(urlOf(book))
  await page.keyboard.press('Enter')
}

/** The pane of the sync that is open. */
export const syncPane = (page: Page) => page.getByRole('article', { name: 'Sync' })

/** What the bytes of a download are. */
export async function bytesOf(page: Page, start: () => Promise<unknown>): Promise<Buffer> {
  const saved = page.waitForEvent('download')
  await start()
  return Buffer.concat(await (await (await saved).createReadStream()).toArray())
}
