import { AppError } from '../../errors.ts'
import type { Bucket } from './bucket.ts'
import { CONDITIONAL_WRITES_HINT } from './s3-errors.ts'

/**
 * Rejects when the store ignores conditional writes, for nothing else keeps two owners of one sync apart: each condition
 * is tried on an object at `probeKey` for which it cannot hold.
 */
export async function assertConditionalWrites(bucket: Bucket, probeKey: string): Promise<void> {
  await bucket.put(probeKey, '{}')
  for (const condition of [{ IfNoneMatch: '*' }, { IfMatch: `"${'0'.repeat(32)}"` }] as const) {
    if ((await bucket.put(probeKey, '{}', condition)) === undefined) continue
    const header = 'IfMatch' in condition ? 'If-Match' : 'If-None-Match'
    throw new AppError(
      'STORAGE_UNAVAILABLE',
      `The bucket ${bucket.name} lacks conditional writes: ${header} is ignored.`,
      {
        hint: CONDITIONAL_WRITES_HINT,
      },
    )
  }
}
