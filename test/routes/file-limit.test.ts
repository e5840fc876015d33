import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { FileLimit } from '../../src/routes/file-limit.ts'
import { ANYONE } from '../../src/syncs/caller.ts'

const from = (ip: string) => ({ ip }) as FastifyRequest
const one = { name: 'one', seesAll: false }
const two = { name: 'two', seesAll: false }

t.test('a caller has half of the files that may be open, and another half of what is left', async (t) => {
  const limit = new FileLimit(64)
  const open = async () => new Readable({ read() {} })
  const files = [await limit.open(from('a'), one, open), await limit.open(from('b'), one, open)]
  files.push(await limit.open(from('c'), one, open), await limit.open(from('d'), one, open))
  const refused = { code: 'TOO_MANY_DOWNLOADS', status: 429, retryAfterSeconds: 1, message: /The API key one/ }
  await t.rejects(limit.open(from('e'), one, open), refused)
  for (let index = 0; index < 2; index += 1) await limit.open(from('a'), two, open)
  await t.rejects(limit.open(from('a'), two, open), { code: 'TOO_MANY_DOWNLOADS' })
  await limit.open(from('127.0.0.1'), ANYONE, open)
  await t.rejects(limit.open(from('::ffff:127.0.0.1'), ANYONE, open), { message: /Your network/ })
  for (const file of files) file.destroy()
  await once(files[3] as Readable, 'close')
  await limit.open(from('a'), one, open)
})

t.test('what could not be opened takes no place', async (t) => {
  const limit = new FileLimit(16)
  for (let index = 0; index < 5; index += 1) {
    t.equal(await limit.open(from('a'), one, async () => undefined), undefined)
    await t.rejects(
      limit.open(from('a'), one, () => Promise.reject(new Error('the disk'))),
      { message: 'the disk' },
    )
  }
  await limit.open(from('a'), one, async () => Readable.from([]))
})
