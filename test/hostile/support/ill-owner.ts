import pMap from 'p-map'
import type { Emulator } from '../../../emulator/emulator.ts'
import type { FaultAction } from '../../../emulator/faults.ts'
import { tabFromRows } from '../../../emulator/workbook.ts'
import { ApiClient, someKeys } from '../../support/callers.ts'
import { anEmulator, type Endable } from '../../support/service.ts'

const ILL = Array.from({ length: 60 }, (_, at) => `ill-${at}`)
const WELL = 'well'

/** Two owners: of one Google answers whatever it reads with a fault, of the other it answers all. */
export interface IllOwner {
  readonly emulator: Emulator
  /** Settings of the service. */
  readonly environment: Record<string, string>
  /** Starts sixty syncs of the one; resolves once at least so many have met their fault. */
  startAll(url: string, until?: number): Promise<void>
  /** Milliseconds that a sync of the other takes from the request to its end; it must succeed. */
  otherMs(url: string): Promise<number>
}

export async function anIllOwner(t: Endable, fault: FaultAction): Promise<IllOwner> {
  const tabs = [tabFromRows(0, 'Rows', [['n'], [1]])]
  const emulator = await anEmulator(t, { workbooks: [...ILL, WELL].map((id) => ({ id, title: id, tabs })) })
  for (const spreadsheetId of ILL) {
    emulator.fail({ on: { spreadsheetId, kind: 'spreadsheets.get', times: 'always' }, do: fault })
  }
  const { setting, keys } = someKeys({ ill: ['read', 'write'], well: ['read', 'write'] })
  return {
    emulator,
    environment: { API_KEYS: setting, GOOGLE_API_ROOT_URL: emulator.rootUrl },
    async startAll(url, until = 4) {
      const client = new ApiClient(url, keys.ill)
      const met = new Promise<void>((resolve) => {
        const seen = new Set<string>()
        emulator.onCall(({ spreadsheetId = '' }) => {
          if (spreadsheetId !== WELL) seen.add(spreadsheetId)
          if (seen.size >= until) resolve()
        })
      })
      await pMap(ILL, (spreadsheet) => client.start({ spreadsheet }), { concurrency: 8 })
      await met
    },
    async otherMs(url) {
      const before = performance.now()
      const { state } = await new ApiClient(url, keys.well).sync({ spreadsheet: WELL })
      if (state !== 'succeeded') throw new Error(`the other owner's sync ended as ${state}`)
      return Math.round(performance.now() - before)
    },
  }
}
