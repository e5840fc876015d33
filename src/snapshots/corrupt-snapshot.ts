import { z } from 'zod'
import { AppError } from '../errors.ts'
import type { SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { Log } from '../ports/log.ts'
import type { FileKey, SnapshotKey } from '../ports/snapshot-store.ts'
import { isManifestOf } from './snapshot-key.ts'

/** Parses what was stored for a snapshot; what is unreadable is logged and becomes a `SNAPSHOT_CORRUPT`. */
export function parseStored<T>(
  schema: z.ZodType<T>,
  text: string,
  key: SnapshotKey,
  log: Log,
  manifestIn: (stored: T) => SnapshotManifest | undefined,
): T | AppError {
  try {
    const stored = schema.parse(JSON.parse(text))
    const manifest = manifestIn(stored)
    if (manifest === undefined || isManifestOf(manifest, key)) return stored
    throw new SyntaxError('the manifest is that of another sync')
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof z.ZodError)) throw cause
    log.warn({ err: cause, ...key }, 'the manifest of a snapshot cannot be read')
    return new AppError('SNAPSHOT_CORRUPT', `The manifest of the snapshot of ${key.syncId} cannot be read.`, { cause })
  }
}

/** The error of a published file that is shorter than it was. */
export function truncatedFile({ syncId, name }: FileKey): AppError {
  return new AppError('SNAPSHOT_CORRUPT', `The file ${name} of ${syncId} was cut off.`)
}

/** Resolves to something else, `undefined` by default, when reading rejects with `SNAPSHOT_CORRUPT`. */
export async function ignoreCorrupt<T, Else = undefined>(reading: Promise<T>, instead?: Else): Promise<T | Else> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof AppError && error.code === 'SNAPSHOT_CORRUPT') return instead as Else
    throw error
  }
}
