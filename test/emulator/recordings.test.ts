import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { z } from 'zod'
import { Rewritten } from './rewritten.ts'
import { start } from './support.ts'

const FOLDER = join(import.meta.dirname, '../../../shared/google-recordings')

const CASSETTE = z.object({
  interactions: z.array(
    z.object({
      request: z.object({ method: z.string(), uri: z.string(), body: z.string().nullish() }),
      response: z.object({ status: z.object({ code: z.number() }), body: z.object({ string: z.string() }) }),
    }),
  ),
})
/** Times that the emulator cannot know. */
const blur = (text: string) => text.replaceAll(/("(?:created|modified)Time": )"[^"]*Z"/g, '$1"…"')

const skip = existsSync(FOLDER) ? false : 'no recordings of Google beside the checkout'
t.test('the emulator answers as Google was recorded to, byte for byte', { skip }, async (t) => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  t.ok(files.length > 0, 'there are recordings')
  for (const file of files) {
    t.test(file.replace('.json', ''), async (t) => {
      const { interactions } = CASSETTE.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')))
      const emulator = await start(t)
      const written = new Rewritten()
      let compared = 0
      for (const { request, response } of interactions) {
        const url = new URL(request.uri)
        const { code } = response.status
        const sent = response.body.string
        if (request.method !== 'GET') {
          written.write(request.method, url, request.body ?? '', sent)
          continue
        }
        // A listing of Drive is nothing that the emulator answers.
        if (url.pathname === '/drive/v3/files') continue
        const id = /\/(?:spreadsheets|files)\/([^/:]+)/.exec(url.pathname)?.[1] ?? ''
        if (code === 200) emulator.addWorkbook(written.workbook(id, sent))
        if (code === 403) {
          emulator.addWorkbook({ id, title: 'private', tabs: [] })
          emulator.setAccess(id, 'forbidden')
        }
        const answer = await fetch(new URL(`${url.pathname}${url.search}`, emulator.rootUrl))
        t.equal(answer.status, code, `status of ${decodeURIComponent(request.uri)}`)
        t.equal(blur(await answer.text()), blur(sent), decodeURIComponent(request.uri))
        compared += 1
      }
      t.ok(compared > 0, 'something was compared')
    })
  }
})
