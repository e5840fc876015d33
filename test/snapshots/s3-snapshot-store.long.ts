import { randomUUID } from 'node:crypto'
import t from 'tap'
import { anS3Server } from '../support/s3-server.ts'
import { draftsAgreeWithTheirModel } from './draft-model.ts'
import { anS3Store } from './s3-stores.ts'

const server = await anS3Server(t)

t.test('any course of appends, rewrites, checkpoints and crashes ends as its model does, on S3', async (t) => {
  const prefix = randomUUID()
  await draftsAgreeWithTheirModel(t, (retention) => anS3Store(t, server.url, { prefix, ...retention }), 60)
})
