import type * as Sdk from '@aws-sdk/client-s3'

export interface S3ClientOptions {
  /** Another endpoint than Amazon's, addressed by path. */
  readonly endpoint?: string
  readonly region?: string
  readonly connectionTimeoutMs: number
  readonly requestTimeoutMs: number
}

/** A client of S3 that tries each request three times; every try, but for the body of its answer, has a timeout. */
export function createS3Client(
  sdk: typeof Sdk,
  { endpoint, region, connectionTimeoutMs, requestTimeoutMs }: S3ClientOptions,
): Sdk.S3Client {
  return new sdk.S3Client({
    ...(region === undefined ? {} : { region }),
    // Other stores than Amazon's seldom know its newer checksums, and none by host name of a bucket.
    ...(endpoint === undefined
      ? {}
      : {
          endpoint,
          forcePathStyle: true,
          requestChecksumCalculation: 'WHEN_REQUIRED' as const,
          responseChecksumValidation: 'WHEN_REQUIRED' as const,
        }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      // A reader may pause for as long as it likes; the bucket has a timeout for a store that stalls.
      socketTimeout: 0,
    },
  })
}
