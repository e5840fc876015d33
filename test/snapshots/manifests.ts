import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { ManifestTab, SnapshotManifest } from '../../src/model/snapshot-manifest.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { SnapshotFormat } from '../../src/model/sync-request.ts'
import type { EraseChoice, SnapshotDraft, SnapshotStore } from '../../src/ports/snapshot-store.ts'

export const SPREADSHEET = '1Spreadsheet-of_the_tests'

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

export function aTab(gid: number, title: string, files: ManifestTab['files'] = []): ManifestTab {
  const tallies = [{ values: { text: 1 }, longest: 3, example: 'abc' }]
  return { gid, title, range: null, rectangle: null, rows: 1, columns: 1, columnNames: null, files, tallies }
}

export function aManifest(
  syncId: string,
  tabs: ManifestTab[],
  {
    publishedAt = '2026-01-01T00:00:00.000Z',
    spreadsheetId = SPREADSHEET,
    createdBy = null,
    identity = null,
  }: {
    readonly publishedAt?: string
    readonly spreadsheetId?: string
    readonly createdBy?: string | null
    readonly identity?: string | null
  } = {},
): SnapshotManifest {
  return {
    version: 1,
    syncId,
    publishedAt,
    spreadsheet: {
      id: spreadsheetId,
      title: 'Tests',
      url: 'https://example.com/',
      version: '7',
      timeZone: 'Europe/Berlin',
      locale: 'de_DE',
    },
    consistent: true,
    request: {
      tabs: null,
      ranges: null,
      formats: ['csv'],
      headerRow: 1,
      values: 'typed',
      dates: 'iso',
      csv: { injection: 'escape', bom: false },
      ifUnchanged: 'download',
      ifActive: 'join',
      maxAge: null,
      expect: [],
      credential: 'default',
      actAs: null,
    },
    tabs,
    warnings: [],
    createdBy,
    identity,
  }
}

/** Chooses what was made for this key, and can be read. */
export function isOf(createdBy: string | null): EraseChoice {
  return (manifest) => manifest?.createdBy === createdBy
}

/** The manifest that tells these staged files, one tab for each. */
export async function manifestOf(
  draft: SnapshotDraft,
  syncId: string,
  names: readonly string[],
  options?: Parameters<typeof aManifest>[2],
): Promise<SnapshotManifest> {
  const tabs = names.map(async (name, gid) =>
    aTab(gid, name, [{ name, format: name.split('.')[1] as SnapshotFormat, ...(await draft.stat(name)) }]),
  )
  return aManifest(syncId, await Promise.all(tabs), options)
}

/** Publishes a snapshot with the given files. */
export async function publishFiles(
  store: SnapshotStore,
  files: Readonly<Record<string, string>>,
  options: { readonly syncId?: string } & Parameters<typeof aManifest>[2] = {},
): Promise<SnapshotManifest> {
  const { syncId = newSyncId(), spreadsheetId = SPREADSHEET } = options
  const draft = await store.openDraft({ spreadsheetId, syncId, epoch: 1 })
  for (const [name, content] of Object.entries(files)) await draft.append(name, Buffer.from(content))
  const manifest = await manifestOf(draft, syncId, Object.keys(files), options)
  await draft.publish(manifest)
  await draft.close()
  return manifest
}

export async function stagedText(draft: SnapshotDraft, name: string): Promise<string> {
  return (await buffer(draft.read(name))).toString()
}

export async function publishedText(
  store: SnapshotStore,
  { syncId, spreadsheet }: SnapshotManifest,
  name: string,
): Promise<string | undefined> {
  const content = await store.openFile({ spreadsheetId: spreadsheet.id, syncId, name })
  return content === undefined ? undefined : (await buffer(content)).toString()
}
