import type { AdmissionLimits } from '../../src/syncs/admission-control.ts'

/** Limits that no test meets. */
export const ROOMY: AdmissionLimits = {
  maxQueued: 1000,
  maxActivePerKey: 1000,
  maxRecordsPerKey: 100_000,
  maxRecordBytesPerKey: 1e9,
}
