/**
 * A process that serves S3 from a folder: `node s3-server-process.ts <folder> <port> <conditional | create-only | plain>`. It is s3rver
 * with what S3 promises and s3rver lacks: a write is seen whole or not at all, deletes do not trip over each other, and,
 * if `conditional`, `If-Match` and `If-None-Match` of a PUT are heeded (`create-only`: the latter alone).
 */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

interface Context {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
  status: number
  type: string
  body: unknown
}
type Content = Readable | Buffer
interface StoredObject {
  readonly bucket: string
  readonly key: string
  readonly content: Content
  readonly metadata: object
}
interface Written {
  readonly size: number
  readonly md5: string
}
interface Store {
  getResourcePath(bucket: string, key: string | undefined, resource: string): string
  putMetadata(bucket: string, key: string, metadata: object, md5: string): Promise<void>
  putObject(object: StoredObject): Promise<Written>
  putPart(bucket: string, uploadId: string, part: number, content: Content): Promise<Written>
  getMetadata(bucket: string, key: string): Promise<{ readonly etag: string }>
  deleteObject(bucket: string, key: string): Promise<void>
}
interface Server {
  readonly store: Store
  readonly middleware: ((context: Context, next: () => Promise<void>) => Promise<void>)[]
  run(): Promise<{ readonly port: number }>
}

const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => Server
const [directory, port, conditions] = process.argv.slice(2)
const server = new S3rver({
  directory,
  port: Number(port),
  address: '127.0.0.1',
  silent: true,
  configureBuckets: [{ name: 'snapshots' }],
})

let last: Promise<unknown> = Promise.resolve()
function alone<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(work)
  last = Promise.allSettled([done])
  return done
}

async function holds({ method, path, headers }: Context): Promise<boolean> {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (method !== 'PUT' || conditions === 'plain' || (match ?? noneMatch) === undefined) return true
  if (conditions === 'create-only' && match !== undefined) return true
  const [bucket = '', ...key] = decodeURIComponent(path).slice(1).split('/')
  const found = await server.store.getMetadata(bucket, key.join('/')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return match === undefined ? found === undefined : found?.etag === match
}

server.middleware.unshift(async (context, next) => {
  const isOfUnchanging =
    context.method === 'GET' && !context.path.endsWith('.json') && context.path.split('/').length > 3
  if (isOfUnchanging) return next()
  await alone(async () => {
    if (await holds(context)) {
      await next()
    } else {
      context.status = 412
      context.type = 'application/xml'
      context.body = '<?xml version="1.0"?><Error><Code>PreconditionFailed</Code><Message>no</Message></Error>'
    }
    // The answer is sent after this returns; a record must not change while it is read.
    if (context.body instanceof Readable) context.body = await buffer(context.body)
  })
})

/** Resolves when all bytes are in the file, which s3rver does not wait for. */
async function writeContent(path: string, content: Content): Promise<Written> {
  await mkdir(dirname(path), { recursive: true })
  const hash = createHash('md5')
  let size = 0
  async function* counted(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk)
      size += chunk.length
      yield chunk
    }
  }
  const source = content instanceof Readable ? content : Readable.from([content])
  await pipeline(source, counted, createWriteStream(`${path}.new`))
  await rename(`${path}.new`, path)
  return { size, md5: hash.digest('hex') }
}
const { store } = server
store.putObject = async ({ bucket, key, content, metadata }) => {
  const written = await writeContent(store.getResourcePath(bucket, key, 'object'), content)
  await store.putMetadata(bucket, key, metadata, written.md5)
  return written
}
store.putPart = async (bucket, uploadId, part, content) => {
  const path = `${store.getResourcePath(bucket, undefined, 'uploads')}/${uploadId}/${part}`
  const written = await writeContent(path, content)
  await writeFile(`${path}.md5`, written.md5)
  return written
}

let deleting: Promise<unknown> = Promise.resolve()
const deleteObject = store.deleteObject.bind(store)
store.deleteObject = (bucket, key) => {
  const done = deleting.then(() => deleteObject(bucket, key))
  deleting = Promise.allSettled([done])
  return done
}

const address = await server.run()
process.stdout.write(`${address.port}\n`)
