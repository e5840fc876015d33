import type { Block } from '../blocks/block.ts'
import type { SyncRequest } from '../model/sync-request.ts'
import type { WrittenArea } from '../model/written-area.ts'
import type { Area } from './sheet-source.ts'
import type { SnapshotDraft } from './snapshot-store.ts'

/** Makes files of blocks. */
export interface BlockWriter {
  /**
   * What writes the areas of one sync into its draft. Once the signal is aborted, long work rejects with its reason.
   * Rejects when a format cannot be written here.
   */
  open(draft: SnapshotDraft, format: FileFormat, signal: AbortSignal): Promise<AreaWriter>
}

/** What files are written, and how. */
export type FileFormat = Pick<SyncRequest, 'formats' | 'csv' | 'values'>

/**
 * Writes the areas of one sync. Different areas may be written side by side, the blocks of one in order. All methods
 * resolve to the new state of the area, which is what a checkpoint after them must keep.
 */
export interface AreaWriter {
  /** Adds a block to the files of its area. The block's buffer is the writer's from then on. */
  write(area: Area, written: WrittenArea, block: Block): Promise<WrittenArea>

  /** Ends the files of an area whose rows are all written, those that are written row by row. */
  finish(area: Area, written: WrittenArea): Promise<WrittenArea>

  /** Makes the files of a finished area that are made of all its rows; then it has those of every format. */
  convert(area: Area, written: WrittenArea): Promise<WrittenArea>
}
