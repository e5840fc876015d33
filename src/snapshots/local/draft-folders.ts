import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { errnoOf, ignoreErrno, isHeld } from '../../disk/disk-errors.ts'
import { namesIn } from '../../disk/file-operations.ts'
import { isSameFile } from '../../disk/same-file.ts'
import { MANIFEST_NAME } from '../../model/snapshot-manifest.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import { type DraftKey, DraftSuperseded } from '../../ports/snapshot-store.ts'
import { CHECKPOINT_NAME } from './checkpoint-file.ts'

export const STAGING_NAME = '.staging'

const DRAFT_PATTERN = /^(sync-[0-9a-f-]{36})\.(\d{1,16})$/

/** Takes the place of the manifest in a snapshot that is being removed part by part; it is one no more then. */
export const REMOVED_NAME = '.removed'

/** Epochs that no owner has: of one who takes a draft away for good, and of a folder that keeps everybody out after that. */
const [LAST_EPOCH, CLOSED] = [Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]

type DraftFolder = Pick<DraftKey, 'syncId' | 'epoch'>

/**
 * The folders in which drafts grow, one per sync and epoch, on the same file system as the snapshots: only there is a
 * rename atomic. Whoever holds the folder holds the draft, so renaming it is the fence between epochs.
 */
export class DraftFolders {
  readonly #path: string
  readonly #trash: string
  readonly #fs: FileSystem

  constructor(fs: FileSystem, directory: string) {
    this.#fs = fs
    this.#path = join(directory, STAGING_NAME)
    this.#trash = join(directory, '.trash')
  }

  async start(): Promise<void> {
    await this.#fs.makeFolder(this.#path)
    await this.#fs.makeFolder(this.#trash)
  }

  pathOf({ syncId, epoch }: DraftFolder): string {
    return join(this.#path, `${syncId}.${epoch}`)
  }

  /** Every staged draft, of one sync or of all, the latest epoch first. */
  async list(syncId?: string): Promise<DraftFolder[]> {
    const drafts: DraftFolder[] = []
    for (const name of await namesIn(this.#fs, this.#path)) {
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
  async claim(draft: DraftFolder): Promise<void> {
    const own = this.pathOf(draft)
    await this.start()
    await this.#make(own)
    for (;;) {
      const others = (await this.list(draft.syncId)).filter(({ epoch }) => epoch !== draft.epoch)
      if (others.some(({ epoch }) => epoch > draft.epoch)) {
        // What this epoch may have taken by now stays in its folder for the later one to take.
        await ignoreErrno(this.#fs.removeFolder(own), 'ENOTEMPTY', 'EEXIST', 'ENOENT')
        throw new DraftSuperseded(`a later epoch than ${draft.epoch} has the draft of ${draft.syncId}`)
      }
      if (others.length === 0) break
      for (const other of others) {
        const path = this.pathOf(other)
        if (!(await this.#hasCheckpoint(own)) && (await this.#hasCheckpoint(path))) {
          await this.#takeOver(path, own)
        } else {
          await this.remove(path, own)
        }
      }
    }
    await this.#fs.syncFolder(this.#path)
  }

  /**
   * Makes what was checkpointed for a sync that of another one, as if an epoch 0 of it had. Resolves to whether that one has
   * a checkpoint then. From now on the first can claim no draft, until its folder is swept.
   */
  async move(from: string, to: string): Promise<boolean> {
    if ((await this.list(from)).length === 0) return false
    const path = this.pathOf({ syncId: from, epoch: LAST_EPOCH })
    const own = this.pathOf({ syncId: to, epoch: 0 })
    try {
      await this.claim({ syncId: from, epoch: LAST_EPOCH })
    } catch (error) {
      // Closed before: what an earlier try has claimed is still there, if that was cut off.
      if (!(error instanceof DraftSuperseded)) throw error
    }
    await this.#make(this.pathOf({ syncId: from, epoch: CLOSED }))
    if (await this.#hasCheckpoint(path)) await this.#takeOver(path, own)
    await this.remove(path, own)
    await this.#fs.syncFolder(this.#path)
    return this.#hasCheckpoint(own)
  }

  /**
   * Moves a folder to the trash at once, then removes it. Resolves to whether it was there. Where a file in it is open
   * and the system then lets it not be renamed, it goes part by part; a snapshot is none from the first part on. `heir`:
   * the draft that is given a checkpoint which is found in it, if it has none.
   */
  async remove(path: string, heir?: string): Promise<boolean> {
    const trashed = join(this.#trash, randomUUID())
    const move = () =>
      ignoreErrno(
        this.#fs.rename(path, trashed).then(() => true),
        'ENOENT',
      )
    let wasThere: boolean | undefined
    try {
      wasThere = await move()
    } catch (error) {
      if (!isHeld(error)) throw error
      const parts = join(this.#trash, randomUUID())
      await this.#moveParts(path, parts)
      wasThere = await move()
      await this.#removeUnlessOpen(parts)
    }
    if (wasThere !== true) return false
    // Its owner, too, may have taken over a checkpoint in the meantime.
    const isInherited = heir !== undefined && !(await this.#hasCheckpoint(heir)) && (await this.#hasCheckpoint(trashed))
    await (isInherited ? this.#takeOver(trashed, heir) : this.#removeUnlessOpen(trashed))
    return true
  }

  /** Removes what removals that were cut off have left, and what somebody had open, until the signal is aborted. */
  async emptyTrash(signal?: AbortSignal): Promise<void> {
    for (const name of await namesIn(this.#fs, this.#trash)) {
      if (signal?.aborted) return
      await this.#removeUnlessOpen(join(this.#trash, name))
    }
  }

  /** Leaves in the trash what somebody has open: on Windows its name may stay until he closes it. */
  async #removeUnlessOpen(trashed: string): Promise<void> {
    try {
      await this.#fs.removeTree(trashed)
    } catch (error) {
      if (!isHeld(error) && errnoOf(error) !== 'ENOTEMPTY') throw error
    }
  }

  async #takeOver(path: string, own: string): Promise<void> {
    try {
      // ENOENT: its owner published it, or was itself about to take over; the next listing shows which.
      await ignoreErrno(this.#fs.rename(path, own), 'ENOENT')
    } catch (error) {
      // Not empty: an earlier try was cut off.
      if (!isHeld(error) && errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error
      await this.#takeCheckpoint(path, own)
    }
  }

  /**
   * Takes a checkpoint out of a folder whose owner still has files open, so that Windows lets it not be renamed: its files
   * by links, then the checkpoint itself, at once. What is left is to be removed. Of several that do so with one draft at
   * once the later ones find the same links, and leave them.
   */
  async #takeCheckpoint(path: string, own: string): Promise<void> {
    const names = await namesIn(this.#fs, path)
    if (!names.includes(CHECKPOINT_NAME)) return
    await this.#make(own)
    for (const name of await namesIn(this.#fs, own)) {
      if (
        name !== CHECKPOINT_NAME &&
        !isSameFile(this.#fs.identify(join(path, name)), this.#fs.identify(join(own, name)))
      ) {
        await this.#fs.removeTree(join(own, name))
      }
    }
    for (const name of names) {
      const isFile = (await this.#fs.stat(join(path, name)))?.type === 'file'
      if (!isFile || name === CHECKPOINT_NAME) continue
      await ignoreErrno(this.#fs.link(join(path, name), join(own, name)), 'ENOENT', 'EEXIST')
    }
    // ENOENT, here and below: another has taken this folder as well.
    await ignoreErrno(this.#fs.syncFolder(own), 'ENOENT')
    await ignoreErrno(this.#fs.rename(join(path, CHECKPOINT_NAME), join(own, CHECKPOINT_NAME)), 'ENOENT')
  }

  /**
   * Moves away all that is in a folder which cannot be renamed, as a file in it is open; Windows lets that be renamed by
   * itself. Of a snapshot the manifest goes first: from then on it is one no more.
   */
  async #moveParts(path: string, to: string): Promise<void> {
    await this.#fs.makeFolder(to)
    await ignoreErrno(this.#fs.rename(join(path, MANIFEST_NAME), join(path, REMOVED_NAME)), 'ENOENT')
    for (const name of await namesIn(this.#fs, path)) {
      if (name !== REMOVED_NAME) await ignoreErrno(this.#fs.rename(join(path, name), join(to, name)), 'ENOENT')
    }
  }

  /** Not by `makeFolder`, which fails when what it finds there is taken away before it has looked at it. */
  async #make(path: string): Promise<void> {
    await ignoreErrno(this.#fs.makeSubfolder(path), 'EEXIST')
  }

  async #hasCheckpoint(path: string): Promise<boolean> {
    return (await this.#fs.stat(join(path, CHECKPOINT_NAME))) !== undefined
  }
}
