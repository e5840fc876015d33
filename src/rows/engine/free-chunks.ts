import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// There is a global `gc` only where the command line asks for one; contexts made from here on have it.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void

/** Pieces of a result after which those that were read are freed: 32 KB each for two columns of numbers, and as much again. */
const PIECES = 64

/**
 * Frees the memory of pieces of results that were read; to be called after each one. It is DuckDB's, so V8 takes a million
 * rows for a few kilobytes of objects, and would let 70 MB gather before it collects them.
 */
export function pieceFreer(): () => void {
  let pieces = 0
  return () => {
    pieces += 1
    if (pieces % PIECES === 0) collect({ type: 'minor' })
  }
}

/** Frees what nothing refers to, whatever its age: arrays of all rows, which else would stay until the next question needs the same. */
export function freeAll(): void {
  collect()
}
