import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { syntheticTab } from '../../emulator/workbook.ts'
import { ApiClient } from '../support/callers.ts'
import { anEmulator, aService } from '../support/service.ts'
import { waysToBreak } from './broken-files.ts'

const BOOK = 'book-0123456789_abcdefghijklmnopqrstuvwxyz'

t.test('changes of a table whose file is broken or gone are those of one that is made anew', async (t) => {
  const tabs = (rows: number) => [syntheticTab({ gid: 0, title: 'Data', rows, columns: 4, kind: 'mixed' })]
  const emulator = await anEmulator(t, { workbooks: [{ id: BOOK, title: 'Book', tabs: tabs(20_000) }] })
  const { url, directory } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, QUERY_PROCESSES: '1' })
  const client = new ApiClient(url)
  const since = await client.sync({ spreadsheet: BOOK })
  emulator.addWorkbook({ id: BOOK, title: 'Book', tabs: tabs(20_003) })
  await client.sync({ spreadsheet: BOOK })

  const path = `/spreadsheets/${BOOK}/tabs/gid:0/changes?since=${since.id}`
  const good = await client.json<{ counts: object }>(path)
  t.strictSame(good.counts, { added: 3, removed: 0, changed: 0 })
  const cache = `${directory}/query-cache`
  const tables = (await readdir(cache)).map((name) => join(cache, name))
  t.equal(tables.length, 2)
  for (const file of tables) {
    for (const [fault, make] of Object.entries(await waysToBreak(file))) {
      await make()
      t.same(await client.json(path), good, fault)
    }
  }
  t.same((await readdir(cache)).map((name) => join(cache, name)).sort(), tables.sort(), 'and nothing else is left')
})
