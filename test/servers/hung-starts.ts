import t from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import { skipWithoutServerPrograms } from '../support/own-postgres.ts'
import { anOwnServer } from '../support/own-servers.ts'
import { whyNoRedisServer } from '../support/redis.ts'
import { anEmulator, aService } from '../support/service.ts'

const ID = '1StartedWhileItHangs-0123456789_abcdefghijklm'
const POSTS = 20

const kinds = [
  ['redis', await whyNoRedisServer()],
  ['postgres', await skipWithoutServerPrograms()],
] as const

for (const [kind, skip] of kinds) {
  t.test(
    `while ${kind} hangs, each of many starts of one spreadsheet is answered 503 within 2 s`,
    { skip },
    async (t) => {
      const server = await anOwnServer(t, kind)
      const emulator = await anEmulator(t, { workbooks: [syntheticWorkbook({ id: ID, rows: 10, columns: 2 })] })
      const { url } = await aService(t, { STORAGE_URL: server.url, GOOGLE_API_ROOT_URL: emulator.rootUrl })
      t.equal((await post(url)).status, 202)
      await server.hang()
      // The first calls meet a connection that is open, the later ones none.
      for (const round of ['at first', 'later', 'and later']) {
        const answers = await Promise.all(
          Array.from({ length: POSTS }, (_, n) => post(url, n % 2 === 0 ? undefined : `${round} ${n % 5}`)),
        )
        t.same([...new Set(answers.map(({ status }) => status))], [503], round)
        const slowest = Math.max(...answers.map(({ tookMs }) => tookMs))
        t.ok(slowest < 2000, `${round} the slowest took ${Math.round(slowest)} ms`)
      }
      await server.resume()
      while ((await post(url)).status !== 202) await new Promise((resolve) => setTimeout(resolve, 50))
      t.pass('and all is well again after')
    },
  )
}

async function post(url: string, key?: string): Promise<{ readonly status: number; readonly tookMs: number }> {
  const began = performance.now()
  const answer = await fetch(`${url}/syncs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
    body: JSON.stringify({ spreadsheet: ID }),
  })
  await answer.text()
  return { status: answer.status, tookMs: performance.now() - began }
}
