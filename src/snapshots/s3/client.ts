import type * as Sdk from '@aws-sdk/client-s3'

/** A client of S3 whose requests, but for the bodies of answers, end within `patientMs` each. */
export function newClient(
  sdk: typeof Sdk,
  { endpoint, region }: { readonly endpoint?: string; readonly region?: string },
  stallMs: number,
  patientMs: number,
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
      connectionTimeout: Math.min(3000, stallMs),
      requestTimeout: patientMs,
      throwOnRequestTimeout: true,
      // A reader may pause for as long as it likes; the bucket watches the store's pauses only.
      socketTimeout: 0,
    },
  })
}
