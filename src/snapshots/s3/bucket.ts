import type { Readable } from 'node:stream'
import type { ListObjectsV2CommandOutput, S3 } from '@aws-sdk/client-s3'
import type { Upload } from '@aws-sdk/lib-storage'
import { TimeoutError } from '../../concurrency/timeout.ts'
import { statusOf, toS3Error } from './s3-errors.ts'

export interface BucketOptions {
  /** The bucket; it must exist. */
  readonly bucket: string
  /** Endpoint of another store than Amazon's, addressed by path. */
  readonly endpoint?: string | undefined
  /** Region of the bucket; what the SDK finds by itself when absent. */
  readonly region?: string | undefined
  /** Milliseconds without an answer, or without a further byte of one, after which a request has failed; default 5 s. */
  readonly requestTimeoutMs?: number
  /** Milliseconds that an operation may take with all its retries; default 10 s. What carries megabytes has four times both. */
  readonly deadlineMs?: number
}

/** An object as a request finds it. */
export interface FoundObject {
  readonly body: AsyncIterable<Buffer>
  /** For a body that nobody reads to its end. */
  readonly destroy: () => void
  readonly bytes: number
}

export interface ListedObject {
  readonly key: string
  readonly etag: string
}

/** What must hold for a conditional write: the object has this ETag, or does not exist. */
export type Condition = { readonly IfMatch: string } | { readonly IfNoneMatch: '*' }

/** How much longer than others a request may take that carries megabytes. */
const LARGE_BODY_FACTOR = 4

const MAX_CONNECT_MS = 3000

/** Other stores than Amazon's seldom know its newer checksums, and none by host name of a bucket. */
const OTHER_STORES = {
  forcePathStyle: true,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
} as const

/** Bytes of one part of a multipart upload: the least that S3 takes. */
const PART_BYTES = 5 * 1024 * 1024

interface LoadedSdk {
  readonly s3: S3
  readonly Upload: typeof Upload
}

/**
 * One bucket, through the AWS SDK, which is loaded at `start` only. Every request is tried three times and ends within a
 * bound; every failure rejects with `STORAGE_UNAVAILABLE`.
 */
export class Bucket {
  readonly #options: BucketOptions
  readonly #requestTimeoutMs: number
  readonly #deadlineMs: number
  #loaded: Promise<LoadedSdk> | undefined

  constructor(options: BucketOptions) {
    this.#options = options
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 5000
    this.#deadlineMs = options.deadlineMs ?? 10_000
  }

  get name(): string {
    return this.#options.bucket
  }

  /** Puts an object; resolves to its ETag, or `undefined` when the condition did not hold. */
  async put(key: string, body: Uint8Array | string, condition?: Condition): Promise<string | undefined> {
    const input = { ...this.#at(key), Body: body, ContentLength: Buffer.byteLength(body), ...condition }
    const answer = await this.#request(
      (s3, options) => s3.putObject(input, options),
      // 409: another conditional write was under way. 404: If-Match of an object that is gone.
      (status, name) => condition !== undefined && (status === 412 || status === 409 || name === 'NoSuchKey'),
      LARGE_BODY_FACTOR,
    )
    return answer === undefined ? undefined : (answer.ETag ?? '')
  }

  /** Opens an object, or bytes `start` to `end` inclusive of it; `undefined` when it is not there. */
  async get(key: string, range?: { readonly start: number; readonly end: number }): Promise<FoundObject | undefined> {
    const input = { ...this.#at(key), ...(range && { Range: `bytes=${range.start}-${range.end}` }) }
    const answer = await this.#request(
      (s3, options) => s3.getObject(input, options),
      (_, name) => name === 'NoSuchKey',
    )
    if (answer === undefined) return undefined
    const body = answer.Body as Readable
    // An error that comes before anybody reads is kept by the stream for whoever does.
    body.on('error', () => undefined)
    return { body: this.#withStallTimeout(body), destroy: () => body.destroy(), bytes: answer.ContentLength ?? 0 }
  }

  /** The whole text of a small object, unless it still has the ETag given: then `'unchanged'`. */
  async getText(key: string, knownEtag?: string): Promise<{ text: string; etag: string } | 'unchanged' | undefined> {
    const input = { ...this.#at(key), ...(knownEtag !== undefined && { IfNoneMatch: knownEtag }) }
    let isUnchanged = false
    const answer = await this.#request(
      async (s3, options) => {
        const found = await s3.getObject(input, options)
        return { text: (await found.Body?.transformToString()) ?? '', etag: found.ETag ?? '' }
      },
      (status, name) => {
        isUnchanged = status === 304
        return isUnchanged || name === 'NoSuchKey'
      },
    )
    return isUnchanged ? 'unchanged' : answer
  }

  /** Streams bytes of any length to an object, in parts of a few megabytes; nothing is there until all of it is. */
  async upload(key: string, body: Readable): Promise<void> {
    const { Upload, s3 } = await this.#load()
    const params = { ...this.#at(key), Body: body }
    try {
      await new Upload({ client: s3, params, partSize: PART_BYTES, queueSize: 2 }).done()
    } catch (error) {
      throw toS3Error(error)
    } finally {
      body.destroy()
    }
  }

  /** All objects under a prefix, by key. */
  async *list(prefix: string): AsyncGenerator<ListedObject> {
    for await (const page of this.#pages(prefix, {})) {
      for (const { Key, ETag } of page.Contents ?? []) {
        if (Key !== undefined) yield { key: Key, etag: ETag ?? '' }
      }
    }
  }

  /** The keys of all objects under a prefix. */
  async keys(prefix: string): Promise<string[]> {
    return (await Array.fromAsync(this.list(prefix))).map(({ key }) => key)
  }

  /** Names of the folders right under a prefix. */
  async *folders(prefix: string): AsyncGenerator<string> {
    for await (const page of this.#pages(prefix, { Delimiter: '/' })) {
      for (const { Prefix } of page.CommonPrefixes ?? []) yield Prefix?.slice(prefix.length, -1) ?? ''
    }
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += 1000) {
      const Delete = { Objects: keys.slice(start, start + 1000).map((Key) => ({ Key })), Quiet: true }
      const answer = await this.#request((s3, options) => s3.deleteObjects({ Bucket: this.name, Delete }, options))
      const [failed] = answer?.Errors ?? []
      if (failed !== undefined) throw toS3Error(Object.assign(new Error(), { name: failed.Code ?? 'Error' }))
    }
  }

  /** Aborts multipart uploads under a prefix that were begun before an instant (ms since 1970): no process is at them. */
  async abortUploads(prefix: string, before: number): Promise<void> {
    const answer = await this.#request(
      (s3, options) => s3.listMultipartUploads({ Bucket: this.name, Prefix: prefix }, options),
      // Some stores expire unfinished uploads by themselves and cannot list them.
      (status, name) => status === 501 || name === 'NotImplemented',
    )
    for (const { Key, UploadId, Initiated } of answer?.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || (Initiated?.getTime() ?? before) >= before) continue
      await this.#request(
        (s3, options) => s3.abortMultipartUpload({ ...this.#at(Key), UploadId }, options),
        (_, name) => name === 'NoSuchUpload',
      )
    }
  }

  /** Closes idle connections. */
  async close(): Promise<void> {
    const loaded = await this.#loaded
    this.#loaded = undefined
    loaded?.s3.destroy()
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.name, Key: key }
  }

  #load(): Promise<LoadedSdk> {
    this.#loaded ??= (async () => {
      const [{ S3 }, { Upload }] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/lib-storage')])
      const { endpoint, region } = this.#options
      const s3 = new S3({
        ...(region !== undefined && { region }),
        ...(endpoint !== undefined && { endpoint, ...OTHER_STORES }),
        maxAttempts: 3,
        requestHandler: {
          connectionTimeout: Math.min(MAX_CONNECT_MS, this.#requestTimeoutMs),
          requestTimeout: this.#requestTimeoutMs * LARGE_BODY_FACTOR,
          throwOnRequestTimeout: true,
          // A reader may pause for as long as it likes; a store that stalls has a timeout below.
          socketTimeout: 0,
        },
      })
      return { s3, Upload }
    })()
    return this.#loaded
  }

  /** Makes one request within the deadline; a failure that is `expected` resolves to `undefined`. */
  async #request<T>(
    send: (s3: S3, options: { readonly abortSignal: AbortSignal; readonly requestTimeout: number }) => Promise<T>,
    expected: (status: number | undefined, name: string) => boolean = () => false,
    timeoutFactor = 1,
  ): Promise<T | undefined> {
    const { s3 } = await this.#load()
    // Not AbortSignal.timeout: the deadline ends with the answer's headers, and the body may take longer.
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), this.#deadlineMs * timeoutFactor)
    try {
      return await send(s3, { abortSignal: abort.signal, requestTimeout: this.#requestTimeoutMs * timeoutFactor })
    } catch (error) {
      if (error instanceof Error && expected(statusOf(error), error.name)) return undefined
      throw toS3Error(error)
    } finally {
      clearTimeout(timer)
    }
  }

  async *#pages(Prefix: string, more: { Delimiter?: string }): AsyncGenerator<ListObjectsV2CommandOutput> {
    let token: string | undefined
    do {
      const continued = token === undefined ? {} : { ContinuationToken: token }
      const input = { Bucket: this.name, Prefix, ...more, ...continued }
      const page = await this.#request((s3, options) => s3.listObjectsV2(input, options))
      if (page === undefined) return
      yield page
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  /** Passes a body on, and times out when the store stalls; the reader may pause for as long as it likes. */
  async *#withStallTimeout(body: Readable): AsyncGenerator<Buffer> {
    const chunks = body[Symbol.asyncIterator]()
    const stall = () => body.destroy(new TimeoutError('the next bytes of an object', this.#requestTimeoutMs))
    try {
      for (;;) {
        const timer = setTimeout(stall, this.#requestTimeoutMs)
        const next = await chunks.next().finally(() => clearTimeout(timer))
        if (next.done) return
        yield next.value
      }
    } catch (error) {
      throw toS3Error(error)
    } finally {
      body.destroy()
    }
  }
}
