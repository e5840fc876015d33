import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { GetObjectCommandInput, ListObjectsV2CommandOutput, S3 } from '@aws-sdk/client-s3'
import { TimeoutError } from '../../concurrency/timeout.ts'
import { bucketKeys } from './bucket-keys.ts'
import { statusOf, toS3Error } from './s3-errors.ts'

export interface BucketOptions {
  /** The bucket; it must exist. */
  readonly bucket: string
  /** What every key begins with, without slashes at its ends; may be empty. */
  readonly prefix: string
  /** Endpoint of another store than Amazon's, addressed by path. */
  readonly endpoint?: string | undefined
  /** Region of the bucket; what the SDK finds by itself when absent. */
  readonly region?: string | undefined
  /**
   * Milliseconds without an answer, or without a further byte of one, after which a try of a request has failed; default
   * 5 s, and four times as much for what carries megabytes.
   */
  readonly requestTimeoutMs?: number
}

export interface ListedObject {
  readonly key: string
  readonly etag: string
}

/** What must hold for a conditional write: the object has this ETag, or does not exist. */
type Condition = { readonly IfMatch: string } | { readonly IfNoneMatch: '*' }

/** Other stores than Amazon's seldom know its newer checksums, and none by host name of a bucket. */
const OTHER_STORES = {
  forcePathStyle: true,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
} as const

/** Bytes of one part of a multipart upload: the least that S3 takes. */
const PART_BYTES = 5 * 1024 * 1024

/** The most that S3 removes by one request. */
const KEYS_PER_REMOVAL = 1000

/**
 * One bucket, through the AWS SDK, which is loaded by the first request only. Every request is tried three times and ends
 * within a bound; every failure rejects with `STORAGE_UNAVAILABLE`.
 */
export class Bucket {
  readonly name: string
  readonly keys: ReturnType<typeof bucketKeys>
  readonly #options: BucketOptions
  readonly #timeoutMs: number
  #sdk: ReturnType<typeof loadSdk> | undefined

  constructor(options: BucketOptions) {
    this.name = options.bucket
    this.keys = bucketKeys(options.prefix)
    this.#options = options
    this.#timeoutMs = options.requestTimeoutMs ?? 5000
  }

  /** Puts an object; resolves to its ETag, or `undefined` when the condition did not hold. */
  async put(key: string, body: Uint8Array | string, condition?: Condition): Promise<string | undefined> {
    // 409: another conditional write was under way. NoSuchKey: If-Match of an object that is gone.
    const expected = condition === undefined ? [] : [412, 409, 'NoSuchKey']
    const input = { ...this.#at(key), Body: body, ...condition }
    const answer = await this.#request((s3) => s3.putObject(input), ...expected)
    return answer && (answer.ETag ?? '')
  }

  /** Opens just so many bytes of an object, from `start` on if given; `undefined` when it has fewer or is not there. */
  async get(key: string, bytes: number, start?: number): Promise<Readable | undefined> {
    const Range = start === undefined ? undefined : `bytes=${start}-${start + bytes - 1}`
    const found = await this.#open({ ...this.#at(key), Range })
    if (found !== undefined && found.bytes >= bytes) {
      // Some stores send more than was requested.
      const content = Readable.from(withStallTimeout(found.body, this.#timeoutMs, bytes), { objectMode: false })
      return content.once('close', () => found.body.destroy())
    }
    found?.body.destroy()
    return undefined
  }

  /** The whole text of a small object. */
  async getText(key: string): Promise<{ readonly text: string; readonly etag: string } | undefined> {
    const found = await this.#open(this.#at(key))
    return found && { text: await text(withStallTimeout(found.body, this.#timeoutMs)), etag: found.etag }
  }

  /**
   * Streams bytes of any length to an object, in parts of a few megabytes; nothing is there until all of it is. Rejects at
   * once with the reason of the signal when that is aborted.
   */
  async upload(key: string, body: Readable, signal?: AbortSignal): Promise<void> {
    const { Upload } = await this.#load()
    const options = { params: { ...this.#at(key), Body: body }, partSize: PART_BYTES, queueSize: 2 }
    const abortController = new AbortController()
    const abort = () => abortController.abort()
    signal?.addEventListener('abort', abort)
    try {
      await this.#request((client) => new Upload({ client, abortController, ...options }).done())
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
      body.destroy()
    }
  }

  /** All objects under a prefix, in the order of their keys. */
  async *list(prefix: string): AsyncGenerator<ListedObject, void, undefined> {
    for await (const { Contents = [] } of this.#pages(prefix)) {
      for (const { Key = '', ETag = '' } of Contents) yield { key: Key, etag: ETag }
    }
  }

  /** The keys of all objects under a prefix. */
  listKeys(prefix: string): Promise<string[]> {
    return Array.fromAsync(this.list(prefix), ({ key }) => key)
  }

  /** Names of the folders right under a prefix. */
  async listFolders(prefix: string): Promise<string[]> {
    const pages = await Array.fromAsync(this.#pages(prefix, '/'))
    return pages.flatMap(({ CommonPrefixes = [] }) =>
      CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1)),
    )
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += KEYS_PER_REMOVAL) {
      const Objects = keys.slice(start, start + KEYS_PER_REMOVAL).map((Key) => ({ Key }))
      const input = { Bucket: this.name, Delete: { Objects, Quiet: true } }
      const answer = await this.#request((s3, options) => s3.deleteObjects(input, options))
      const [failed] = answer?.Errors ?? []
      if (failed !== undefined) throw toS3Error({ name: failed.Code })
    }
  }

  /** Aborts multipart uploads under a prefix that were begun before an instant (ms since 1970): no process is at them. */
  async abortUploads(prefix: string, before: number): Promise<void> {
    const input = { Bucket: this.name, Prefix: prefix }
    // Some stores expire unfinished uploads by themselves and cannot list them.
    const expected = [501, 'NotImplemented']
    const answer = await this.#request((s3, options) => s3.listMultipartUploads(input, options), ...expected)
    for (const { Key = '', UploadId, Initiated } of answer?.Uploads ?? []) {
      if (Initiated === undefined || Initiated.getTime() >= before) continue
      const upload = { ...this.#at(Key), UploadId }
      await this.#request((s3, options) => s3.abortMultipartUpload(upload, options), 'NoSuchUpload')
    }
  }

  /** Closes idle connections. */
  async close(): Promise<void> {
    const sdk = await this.#sdk
    this.#sdk = undefined
    sdk?.s3.destroy()
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.name, Key: key }
  }

  #load(): ReturnType<typeof loadSdk> {
    this.#sdk ??= loadSdk(this.#options, this.#timeoutMs)
    return this.#sdk
  }

  async #open(input: GetObjectCommandInput) {
    const answer = await this.#request((s3, options) => s3.getObject(input, options), 'NoSuchKey', 'InvalidRange')
    if (answer === undefined) return undefined
    const body = answer.Body as Readable
    // An error that comes before anybody reads is kept by the stream for whoever does.
    body.on('error', () => undefined)
    return { body, bytes: answer.ContentLength ?? 0, etag: answer.ETag ?? '' }
  }

  /** Makes one request; a failure with an expected status or name resolves to `undefined`. `options`: of a small one. */
  async #request<T>(
    send: (s3: S3, options: { readonly requestTimeout: number }) => Promise<T>,
    ...expected: (number | string)[]
  ): Promise<T | undefined> {
    const { s3 } = await this.#load()
    try {
      return await send(s3, { requestTimeout: this.#timeoutMs })
    } catch (error) {
      if (error instanceof Error && expected.some((one) => one === statusOf(error) || one === error.name))
        return undefined
      throw toS3Error(error)
    }
  }

  async *#pages(Prefix: string, Delimiter?: string): AsyncGenerator<ListObjectsV2CommandOutput, void, undefined> {
    let ContinuationToken: string | undefined
    do {
      const input = { Bucket: this.name, Prefix, Delimiter, ContinuationToken }
      const page = await this.#request((s3, options) => s3.listObjectsV2(input, options))
      if (page === undefined) return
      yield page
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
  }
}

async function loadSdk({ endpoint, region }: BucketOptions, timeoutMs: number) {
  const [{ S3 }, { Upload }] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/lib-storage')])
  const s3 = new S3({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint, ...OTHER_STORES }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: Math.min(3000, timeoutMs),
      // Of what carries megabytes; smaller requests pass their own.
      requestTimeout: timeoutMs * 4,
      throwOnRequestTimeout: true,
      // A reader may pause for as long as it likes; a store that stalls has a timeout below.
      socketTimeout: 0,
    },
  })
  return { s3, Upload }
}

/** Passes on so many bytes, and times out when the store stalls; the reader may pause for as long as it likes. */
async function* withStallTimeout(body: Readable, timeoutMs: number, bytes = Infinity): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]()
  const stall = () => body.destroy(new TimeoutError('the next bytes of an object', timeoutMs))
  try {
    for (let missing = bytes; missing > 0; ) {
      const timer = setTimeout(stall, timeoutMs)
      const next = await chunks.next().finally(() => clearTimeout(timer))
      if (next.done) return
      yield next.value.subarray(0, missing)
      missing -= next.value.length
    }
  } catch (error) {
    throw toS3Error(error)
  } finally {
    body.destroy()
  }
}
