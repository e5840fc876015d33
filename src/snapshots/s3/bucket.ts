import type { Readable } from 'node:stream'
import type * as Sdk from '@aws-sdk/client-s3'
import type * as Lib from '@aws-sdk/lib-storage'
import { createS3Client } from './client.ts'
import { statusOf, toS3Error } from './s3-errors.ts'

export interface BucketOptions {
  readonly bucket: string
  /** Another endpoint than Amazon's, addressed by path; the SDK's own choice when absent. */
  readonly endpoint?: string
  readonly region?: string
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

/** Bytes of one part of a multipart upload: the least that S3 takes. */
const PART_BYTES = 5 * 1024 * 1024

/**
 * One bucket, through the AWS SDK, which is loaded at `start` only. Every request is tried three times and ends within a
 * bound; every failure rejects with `STORAGE_UNAVAILABLE`.
 */
export class Bucket {
  readonly #options: BucketOptions
  readonly #requestTimeoutMs: number
  readonly #deadlineMs: number
  #loaded: Promise<{ sdk: typeof Sdk; lib: typeof Lib; client: Sdk.S3Client }> | undefined

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
    const answer = await this.#run(
      ({ client, sdk }, options) => client.send(new sdk.PutObjectCommand(input), options),
      // 409: another conditional write was under way. 404: If-Match of an object that is gone.
      (status, name) => condition !== undefined && (status === 412 || status === 409 || name === 'NoSuchKey'),
      LARGE_BODY_FACTOR,
    )
    return answer === undefined ? undefined : (answer.ETag ?? '')
  }

  /** Opens an object, or bytes `start` to `end` inclusive of it; `undefined` when it is not there. */
  async get(key: string, range?: { readonly start: number; readonly end: number }): Promise<FoundObject | undefined> {
    const Range = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }
    const answer = await this.#run(
      ({ client, sdk }, options) => client.send(new sdk.GetObjectCommand({ ...this.#at(key), ...Range }), options),
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
    const condition = knownEtag === undefined ? {} : { IfNoneMatch: knownEtag }
    let isUnchanged = false
    const answer = await this.#run(
      async ({ client, sdk }, options) => {
        const found = await client.send(new sdk.GetObjectCommand({ ...this.#at(key), ...condition }), options)
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
    const { lib, client } = await this.#load()
    const params = { ...this.#at(key), Body: body }
    try {
      await new lib.Upload({ client, params, partSize: PART_BYTES, queueSize: 2 }).done()
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
      const Objects = keys.slice(start, start + 1000).map((Key) => ({ Key }))
      const answer = await this.#run(({ client, sdk }, options) => {
        const Delete = { Objects, Quiet: true }
        return client.send(new sdk.DeleteObjectsCommand({ Bucket: this.#options.bucket, Delete }), options)
      })
      const [failed] = answer?.Errors ?? []
      if (failed !== undefined) throw toS3Error(Object.assign(new Error(), { name: failed.Code ?? 'Error' }))
    }
  }

  /** Aborts multipart uploads under a prefix that were begun before an instant (ms since 1970): no process is at them. */
  async abortUploads(prefix: string, before: number): Promise<void> {
    const { bucket } = this.#options
    const answer = await this.#run(
      ({ client, sdk }, options) =>
        client.send(new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }), options),
      // Some stores expire unfinished uploads by themselves and cannot list them.
      (status, name) => status === 501 || name === 'NotImplemented',
    )
    for (const { Key, UploadId, Initiated } of answer?.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || (Initiated?.getTime() ?? before) >= before) continue
      const upload = { Bucket: bucket, Key, UploadId }
      await this.#run(
        ({ client, sdk }, options) => client.send(new sdk.AbortMultipartUploadCommand(upload), options),
        (_, name) => name === 'NoSuchUpload',
      )
    }
  }

  /** Closes idle connections. */
  async close(): Promise<void> {
    const loaded = await this.#loaded
    this.#loaded = undefined
    loaded?.client.destroy()
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#options.bucket, Key: key }
  }

  #load(): Promise<{ sdk: typeof Sdk; lib: typeof Lib; client: Sdk.S3Client }> {
    this.#loaded ??= (async () => {
      const [sdk, lib] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/lib-storage')])
      const client = createS3Client(sdk, {
        ...this.#options,
        connectionTimeoutMs: Math.min(MAX_CONNECT_MS, this.#requestTimeoutMs),
        requestTimeoutMs: this.#requestTimeoutMs * LARGE_BODY_FACTOR,
      })
      return { sdk, lib, client }
    })()
    return this.#loaded
  }

  /** Runs one operation within the deadline; a failure that is `expected` resolves to `undefined`. */
  async #run<T>(
    work: (
      loaded: { readonly sdk: typeof Sdk; readonly client: Sdk.S3Client },
      options: { readonly abortSignal: AbortSignal; readonly requestTimeout: number },
    ) => Promise<T>,
    expected: (status: number | undefined, name: string) => boolean = () => false,
    timeoutFactor = 1,
  ): Promise<T | undefined> {
    const loaded = await this.#load()
    const abortSignal = AbortSignal.timeout(this.#deadlineMs * timeoutFactor)
    try {
      return await work(loaded, { abortSignal, requestTimeout: this.#requestTimeoutMs * timeoutFactor })
    } catch (error) {
      if (error instanceof Error && expected(statusOf(error), error.name)) return undefined
      throw toS3Error(error)
    }
  }

  async *#pages(prefix: string, more: { Delimiter?: string }): AsyncGenerator<Sdk.ListObjectsV2CommandOutput> {
    let ContinuationToken: string | undefined
    do {
      const input = { Bucket: this.#options.bucket, Prefix: prefix, ...more }
      const page = await this.#run(({ client, sdk }, options) => {
        const command = new sdk.ListObjectsV2Command({
          ...input,
          ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
        })
        return client.send(command, options)
      })
      if (page === undefined) return
      yield page
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (ContinuationToken !== undefined)
  }

  /** Passes a body on, and times out when the store stalls; the reader may pause for as long as it likes. */
  async *#withStallTimeout(body: Readable): AsyncGenerator<Buffer> {
    const chunks = body[Symbol.asyncIterator]()
    try {
      for (;;) {
        const timer = setTimeout(
          () => body.destroy(Object.assign(new Error(), { name: 'TimeoutError' })),
          this.#requestTimeoutMs,
        )
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
