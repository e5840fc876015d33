import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import { tabFromRows, type Writable } from '../../emulator/workbook.ts'
import { filesOf } from '../../src/model/snapshot-manifest.ts'
import type { SnapshotDraft, SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { sha256 } from '../snapshots/manifests.ts'
import { aDownloader, type Downloader, type DownloaderOptions } from './downloads.ts'

export type Rows = readonly (readonly Writable[])[]

export const FORMATS: ('json' | 'ndjson' | 'csv')[] = ['json', 'ndjson', 'csv']

export async function aDownloaderOf(t: Test, rows: Rows, options: DownloaderOptions = {}): Promise<Downloader> {
  return aDownloader(t, { workbooks: [{ id: 'book', title: 'Book', tabs: [tabFromRows(0, 'Tab', rows)] }], ...options })
}

export type Rewrite = (draft: SnapshotDraft, ...parameters: Parameters<SnapshotDraft['rewrite']>) => Promise<void>

export function aroundRewrites(rewrite: Rewrite): (store: SnapshotStore) => SnapshotStore {
  const around = <T extends object>(object: T, replaced: Partial<T>): T =>
    new Proxy(object, {
      get(target, key) {
        const member: unknown = Reflect.get(replaced, key) ?? Reflect.get(target, key)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  return (store) =>
    around(store, {
      async openDraft(key) {
        const draft = await store.openDraft(key)
        return around(draft, { rewrite: (...parameters) => rewrite(draft, ...parameters) })
      },
    })
}

/** The files of the newest snapshot as text, which must be what its manifest says. */
export async function filesAsText(t: Test, snapshots: SnapshotStore): Promise<string[]> {
  const [manifest] = await snapshots.list('book')
  if (manifest === undefined) throw new TypeError('nothing was published')
  return Promise.all(
    filesOf(manifest).map(async ({ name, bytes, sha256: hash }) => {
      const file = await snapshots.openFile({ spreadsheetId: 'book', syncId: manifest.syncId, name })
      if (file === undefined) throw new TypeError(`${name} is not there`)
      const content = await buffer(file)
      t.strictSame([content.length, sha256(content)], [bytes, hash], `what the manifest says of ${name}`)
      return content.toString()
    }),
  )
}

export const WIDE_LATE = [['a', 'b'], ...Array.from({ length: 40 }, (_, row) => [row, 'x']), [1, 2, 3, 4]]
