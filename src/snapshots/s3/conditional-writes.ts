import { AppError } from '../../errors.ts'
import type { Bucket } from './bucket.ts'
import { CONDITIONAL_WRITES_HINT as hint } from './s3-errors.ts'

/** Conditions that cannot hold for an object that is there. */
const CONDITIONS = { 'If-None-Match': { IfNoneMatch: '*' }, 'If-Match': { IfMatch: `"${'0'.repeat(32)}"` } } as const

/** Rejects when the store ignores conditional writes, for nothing else keeps two owners of one sync apart. */
export async function assertConditionalWrites(bucket: Bucket): Promise<void> {
  const { probe } = bucket.keys
  await bucket.put(probe, '{}')
  for (const [header, condition] of Object.entries(CONDITIONS)) {
    if ((await bucket.put(probe, '{}', condition)) === undefined) continue
    const message = `The bucket ${bucket.name} lacks conditional writes: ${header} is ignored.`
    throw new AppError('STORAGE_UNAVAILABLE', message, { hint })
  }
}
