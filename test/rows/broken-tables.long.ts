import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { ApiClient } from '../support/callers.ts'
import { anEmulator, aService } from '../support/service.ts'
import { waysToBreak } from './broken-files.ts'

const BOOK = 'book-0123456789_abcdefghijklmnopqrstuvwxyz'
const PATH = `/spreadsheets/${BOOK}/tabs/gid:0/rows?limit=3&count=exact`

/** A service with the rows of one tab, how to ask for some, and the folder of its tables. */
async function aServiceWithRows(t: Test, environment: Record<string, string> = {}) {
  const tabs = [syntheticTab({ gid: 0, title: 'Data', rows: 20_000, columns: 4, kind: 'mixed' })]
  const emulator = await anEmulator(t, { workbooks: [{ id: BOOK, title: 'Book', tabs }] })
  const { url, directory } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, ...environment })
  const client = new ApiClient(url)
  await client.sync({ spreadsheet: BOOK })
  const cache = `${directory}/query-cache`
  return { client, tables: async () => (await readdir(cache)).map((name) => join(cache, name)) }
}

t.test('a table whose file is broken or gone is made anew by whoever asks next', async (t) => {
  const { client, tables } = await aServiceWithRows(t, { QUERY_PROCESSES: '1' })

  const path = PATH
  const good = await client.json(path)
  const [file = ''] = await tables()
  for (const [fault, make] of Object.entries(await waysToBreak(file))) {
    await make()
    // Beyond what the engine has in memory of the file that it has open.
    const all = await client.send('GET', path.replace('limit=3', 'limit=10000&offset=10000'))
    t.equal(all.status, 200, fault)
    t.equal(((await all.json()) as { rows: unknown[] }).rows.length, 9999, fault)
    t.same(await client.json(path), good, fault)
  }
  // One that is gone is made when the engine has to open it again.
  t.same(
    (await tables()).filter((path) => path !== file),
    [],
    'and nothing else is left',
  )
})
