import { z } from 'zod'
import { columnTally } from './column-schema.ts'
import { spreadsheetSettings, syncWarning } from './sync.ts'
import { SNAPSHOT_FORMATS, syncRequest } from './sync-request.ts'
import { isOfToken } from './token-identity.ts'

/** What a snapshot holds, as it is shown. */
export const snapshotContents = z
  .object({
    version: z.literal(1),
    syncId: z.string(),
    publishedAt: z.iso.datetime(),
    spreadsheet: z.object({
      id: z.string(),
      title: z.string(),
      url: z.string(),
      version: z.string().nullable(),
      ...spreadsheetSettings.shape,
    }),
    consistent: z.union([z.boolean(), z.literal('unknown')]),
    request: syncRequest,
    tabs: z.array(
      z.object({
        gid: z.number(),
        title: z.string(),
        range: z.string().nullable(),
        rectangle: z
          .object({
            startRow: z.int().min(0),
            endRow: z.int().min(0),
            startColumn: z.int().min(0),
            endColumn: z.int().min(0),
          })
          .nullable()
          .default(null)
          .describe(
            'The cells that the range stood for, from the header row down: 0-based, the ends not included; null for a whole tab, and in snapshots of earlier releases',
          ),
        rows: z.int().min(0),
        columns: z.int().min(0),
        columnNames: z.array(z.string()).nullable().describe('null when headerRow is 0'),
        files: z.array(
          z.object({
            name: z.string(),
            format: z.enum(SNAPSHOT_FORMATS),
            bytes: z.int().min(0),
            sha256: z.string(),
          }),
        ),
      }),
    ),
    warnings: z.array(syncWarning),
  })
  .meta({ id: 'SnapshotManifest' })
export type SnapshotContents = z.output<typeof snapshotContents>

/** `manifest.json` of a snapshot: what was published, from what, and for whom. */
export const snapshotManifest = snapshotContents.extend({
  tabs: z.array(
    snapshotContents.shape.tabs.element.extend({
      tallies: z
        .array(columnTally)
        .nullable()
        .default(null)
        .describe('What the cells of each column are; null in snapshots of earlier releases, and of too many columns'),
    }),
  ),
  createdBy: z.string().nullable().default(null).describe('Name of the API key whose sync it is; null without keys'),
  identity: z
    .string()
    .nullable()
    .default(null)
    .describe('Whose own token it was read with, as an HMAC; null where a credential of the service read it'),
})
export type SnapshotManifest = z.output<typeof snapshotManifest>
export type ManifestTab = SnapshotManifest['tabs'][number]

/** Bytes of all its files. */
export function bytesOf(manifest: SnapshotManifest): number {
  return filesOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0)
}

export function filesOf(manifest: SnapshotManifest): ManifestTab['files'] {
  return manifest.tabs.flatMap(({ files }) => files)
}

/** Milliseconds after which nobody has the token any more that a snapshot is bound to; Google's live for 12 hours at the most. */
const TOKEN_LIFE_MS = 24 * 3_600_000

/** Milliseconds since 1970 after which a snapshot goes, whatever it holds, where `ttlMs` is SNAPSHOT_TTL; may be infinite. */
export function goesAfter({ publishedAt, identity }: SnapshotManifest, ttlMs = Number.POSITIVE_INFINITY): number {
  const ofTokenMs = identity !== null && isOfToken(identity) ? TOKEN_LIFE_MS : Number.POSITIVE_INFINITY
  return Date.parse(publishedAt) + Math.min(ttlMs, ofTokenMs)
}

/** Whether a snapshot is older than that at an instant. */
export function isExpired({ publishedAt }: SnapshotManifest, ttlMs: number | undefined, now: Date): boolean {
  return ttlMs !== undefined && now.getTime() - Date.parse(publishedAt) > ttlMs
}

/** The names that snapshot files may have: safe in any path, URL and header. */
export const SNAPSHOT_FILE_PATTERN = /^[A-Za-z0-9_-]{1,100}\.(?:json|ndjson|csv|parquet)$/

/** The one name of that pattern that no file of rows may have, for it is the manifest's own. */
export const MANIFEST_NAME = 'manifest.json'

export function isSnapshotFileName(name: string): boolean {
  return SNAPSHOT_FILE_PATTERN.test(name) && name !== MANIFEST_NAME
}
