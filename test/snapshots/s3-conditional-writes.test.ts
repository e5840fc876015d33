import t from 'tap'
import { anS3Server } from '../support/s3-server.ts'
import { anS3Store } from './s3-stores.ts'

t.test('a store without conditional writes is refused at the start', async (t) => {
  const plain = await anS3Server(t, 'plain')
  const refusal = {
    code: 'STORAGE_UNAVAILABLE',
    message: /snapshots lacks conditional writes: If-None-Match/,
    hint: /If-Match/,
  }
  await t.rejects(anS3Store(t, plain.url), refusal)
})

t.test('a store that honours If-None-Match but not If-Match is refused too', async (t) => {
  const half = await anS3Server(t, 'create-only')
  await t.rejects(anS3Store(t, half.url), { code: 'STORAGE_UNAVAILABLE', message: /: If-Match is ignored/ })
})
