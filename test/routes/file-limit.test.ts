import { once } from 'node:events'
import { Readable } from 'node:stream'
import t from 'tap'
import { FileLimit } from '../../src/routes/file-limit.ts'

t.test('an owner has half of the files that may be open, and another half of what is left', async (t) => {
  const limit = new FileLimit(64)
  const open = async () => new Readable({ read() {} })
  const files: Readable[] = []
  for (let index = 0; index < 4; index += 1) files.push(await limit.open('key one', open))
  const refused = { code: 'TOO_MANY_DOWNLOADS', status: 429, retryAfterSeconds: 1, message: /the key one/ }
  await t.rejects(limit.open('key one', open), refused)
  for (let index = 0; index < 2; index += 1) await limit.open('key two', open)
  await t.rejects(limit.open('key two', open), { code: 'TOO_MANY_DOWNLOADS' })
  await limit.open('address 127.0.0.1', open)
  await t.rejects(limit.open('address 127.0.0.1', open), { message: /the address 127.0.0.1/ })
  for (const file of files) file.destroy()
  await once(files[3] as Readable, 'close')
  await limit.open('key one', open)
})

t.test('what could not be opened takes no place', async (t) => {
  const limit = new FileLimit(16)
  for (let index = 0; index < 5; index += 1) {
    t.equal(await limit.open('key one', async () => undefined), undefined)
    await t.rejects(
      limit.open('key one', () => Promise.reject(new Error('the disk'))),
      { message: 'the disk' },
    )
  }
  await limit.open('key one', async () => Readable.from([]))
})
