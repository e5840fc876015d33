import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'

/** Descriptors of this process, of the system, and what the system keeps of sockets. */
const CODES = ['EMFILE', 'ENFILE', 'ENOBUFS']

/** The loader of modules and worker threads tell of it in words alone. */
const WORDS = /\bE[MN]FILE\b|too many open files/

/** Lookups of names that find no descriptor for the file of hosts or for a socket say that there is no such name. */
const LOOKUP_CODES = /^(?:ENOTFOUND|EAI_\w+)$/

/**
 * Whether an error, or what it came of, is that no descriptor was left. That passes by itself, and whatever needed one
 * has had no effect.
 */
export function isOutOfDescriptors(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? String(at.code) : ''
    if (CODES.includes(code) || WORDS.test(at.message)) return true
    if (LOOKUP_CODES.test(code)) return !isOneFree()
  }
  return false
}

function isOneFree(): boolean {
  try {
    closeSync(openSync(devNull, 'r'))
    return true
  } catch {
    return false
  }
}
