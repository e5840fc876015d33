import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DraftSuperseded } from '../ports/snapshot-store.ts'
import { type DiskFs, namesIn, syncFolder, unless } from './disk.ts'

/** Name of the file that holds a draft's last checkpoint; the dot keeps it apart from what callers may name. */
export const CHECKPOINT = '.checkpoint.json'

const DRAFT_PATTERN = /^(sync-[0-9a-f-]{36})\.(\d{1,16})$/

export interface StagedDraft {
  readonly syncId: string
  readonly epoch: number
}

/**
 * The folders in which drafts grow, one per sync and epoch, on the same file system as the snapshots: only there is a
 * rename atomic. Whoever holds the folder holds the draft, so renaming it is the fence between epochs.
 */
export class StagingArea {
  readonly path: string
  readonly #trash: string
  readonly #fs: DiskFs

  constructor(fs: DiskFs, directory: string) {
    this.#fs = fs
    this.path = join(directory, '.staging')
    this.#trash = join(directory, '.trash')
  }

  async start(): Promise<void> {
    await this.#fs.mkdir(this.path, { recursive: true })
    await this.#fs.mkdir(this.#trash, { recursive: true })
  }

  pathOf({ syncId, epoch }: StagedDraft): string {
    return join(this.path, `${syncId}.${epoch}`)
  }

  /** Every staged draft, of one sync or of all, the latest epoch first. */
  async drafts(syncId?: string): Promise<StagedDraft[]> {
    const drafts: StagedDraft[] = []
    for (const name of await namesIn(this.#fs, this.path)) {
      const [, id, epoch] = DRAFT_PATTERN.exec(name) ?? []
      if (id !== undefined && (syncId ?? id) === id) drafts.push({ syncId: id, epoch: Number(epoch) })
    }
    return drafts.sort((one, other) => other.epoch - one.epoch)
  }

  /**
   * Makes the folder of this epoch the only one of its sync, holding what the latest earlier epoch had checkpointed, if
   * any. Rejects with {@link DraftSuperseded} when a later epoch is there.
   *
   * Each epoch makes its own folder before it looks for others, so of two that run at once at least one sees the other,
   * and the earlier gives way. Earlier folders are taken, not emptied: a rename leaves their checkpoint whole wherever
   * this is cut off, and from then on their owner finds nothing under its path.
   */
  async claim(draft: StagedDraft): Promise<string> {
    const own = this.pathOf(draft)
    await this.start()
    await this.#makeFolder(own)
    for (;;) {
      const others = (await this.drafts(draft.syncId)).filter(({ epoch }) => epoch !== draft.epoch)
      if (others.some(({ epoch }) => epoch > draft.epoch)) {
        // What this epoch may have taken by now stays in its folder for the later one to take.
        await unless(this.#fs.rmdir(own), 'ENOTEMPTY', 'EEXIST', 'ENOENT')
        throw new DraftSuperseded(`a later epoch than ${draft.epoch} has the draft of ${draft.syncId}`)
      }
      if (others.length === 0) break
      for (const other of others) {
        const path = this.pathOf(other)
        if (!(await this.#hasCheckpoint(own)) && (await this.#hasCheckpoint(path))) {
          // ENOENT: its owner published it, or was itself about to take over; the next look shows which.
          await unless(this.#fs.rename(path, own), 'ENOENT')
        } else {
          await this.remove(path)
        }
      }
    }
    await syncFolder(this.#fs, this.path)
    return own
  }

  /** Takes a folder out of sight at once, then removes it. Resolves to whether it was there. */
  async remove(path: string): Promise<boolean> {
    const trashed = join(this.#trash, randomUUID())
    const gone = await unless(
      this.#fs.rename(path, trashed).then(() => true),
      'ENOENT',
    )
    if (gone === undefined) return false
    await this.#fs.rm(trashed, { recursive: true, force: true })
    return true
  }

  /** Removes what removals that were cut off have left. */
  async emptyTrash(): Promise<void> {
    for (const name of await namesIn(this.#fs, this.#trash)) {
      await this.#fs.rm(join(this.#trash, name), { recursive: true, force: true })
    }
  }

  async #makeFolder(path: string): Promise<void> {
    const made = await unless(
      this.#fs.mkdir(path).then(() => true),
      'EEXIST',
    )
    // The same epoch opens its draft again: without a checkpoint there is nothing in it to go on from.
    if (made === undefined && !(await this.#hasCheckpoint(path))) {
      await this.remove(path)
      await this.#fs.mkdir(path)
    }
  }

  async #hasCheckpoint(path: string): Promise<boolean> {
    return (await unless(this.#fs.lstat(join(path, CHECKPOINT)), 'ENOENT')) !== undefined
  }
}
