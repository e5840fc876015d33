import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { SnapshotManifest } from '../../../src/model/snapshot-manifest.ts'
import type { SnapshotDraft, SnapshotStore, SnapshotUsage } from '../../../src/ports/snapshot-store.ts'

/** Snapshots in memory, for downloads by the hundred. */
export class MemorySnapshots implements SnapshotStore {
  readonly published: SnapshotManifest[] = []

  async start(): Promise<void> {}

  async assertRoom(): Promise<void> {}

  async openDraft(): Promise<SnapshotDraft> {
    return new MemoryDraft(this.published)
  }

  async moveDraft(): Promise<boolean> {
    return false
  }

  async find(): Promise<undefined> {}

  async list(): Promise<readonly SnapshotManifest[]> {
    return this.published
  }

  async openFile(): Promise<undefined> {}

  async prune(): Promise<readonly string[]> {
    return []
  }

  async erase(): Promise<number> {
    return 0
  }

  async sweep(): Promise<number> {
    return 0
  }

  async count(): Promise<void> {}

  usage(): SnapshotUsage {
    return { snapshots: 0, bytes: 0 }
  }

  async sweepDrafts(): Promise<number> {
    return 0
  }

  async close(): Promise<void> {}
}

class MemoryDraft implements SnapshotDraft {
  readonly published = undefined
  readonly checkpoint = undefined
  readonly #files = new Map<string, Buffer>()
  readonly #snapshots: SnapshotManifest[]

  constructor(snapshots: SnapshotManifest[]) {
    this.#snapshots = snapshots
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(name, Buffer.concat([this.#files.get(name) ?? Buffer.alloc(0), bytes]))
  }

  async rewrite(name: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = []
    for await (const piece of content) pieces.push(piece)
    this.#files.set(name, Buffer.concat(pieces))
  }

  read(name: string): Readable {
    return Readable.from([this.#files.get(name) ?? Buffer.alloc(0)])
  }

  async saveCheckpoint(): Promise<void> {}

  async reset(): Promise<void> {
    this.#files.clear()
  }

  async stat(name: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const bytes = this.#files.get(name) ?? Buffer.alloc(0)
    return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  }

  async publish(manifest: SnapshotManifest): Promise<void> {
    this.#snapshots.push(manifest)
  }

  async close(): Promise<void> {}

  async discard(): Promise<void> {}
}
