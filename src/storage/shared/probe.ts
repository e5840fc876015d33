/**
 * What a check writes to find out whether a record could be written: as much as the largest request. Fewer bytes may fit
 * where no record does.
 */
export const PROBE = Buffer.alloc(64 * 1024, 'probe\n')
