/** The syncs that the examples tell of: one, the one before it, and the one after it. */
export const ID = 'sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01'
export const EARLIER_ID = 'sync-0198c5a0-3c11-7d42-8a9b-5e0f1d2c3b4a'
export const NEXT_ID = 'sync-0198c5b9-1f02-7e55-8d41-6b0c2a9e4f13'
export const SCHEDULE_ID = 'schedule-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01'
