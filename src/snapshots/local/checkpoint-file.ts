import { join } from 'node:path'
import { z } from 'zod'
import { mapAll } from '../../concurrency/map-all.ts'
import { namesIn, readFirst, readText, withOpen, writeAll, writeFileDurably } from '../../disk/file-operations.ts'
import { SNAPSHOT_FILE_PATTERN } from '../../model/snapshot-manifest.ts'
import type { FileIdentity, FileSystem } from '../../ports/file-system.ts'
import type { AdoptedCheckpoint } from '../staged-draft.ts'
import { ContentDigest, StagedFile } from '../staged-file.ts'

/** Name of the file that holds a draft's last checkpoint; the dot keeps it apart from what callers may name. */
export const CHECKPOINT_NAME = '.checkpoint.json'

/** How a file stood when it was checkpointed. `generation` counts its rewrites. */
const checkpointedFile = z.object({
  name: z.string().regex(SNAPSHOT_FILE_PATTERN),
  generation: z.int().min(0),
  bytes: z.int().min(0),
})
export type CheckpointedFile = z.output<typeof checkpointedFile>

const checkpointSchema = z.object({ version: z.literal(1), value: z.unknown(), files: z.array(checkpointedFile) })

/** Where the bytes of a staged file lie on disk. */
export interface LocalContent {
  readonly generation: number
  /** `undefined` until the file is there. */
  inode: FileIdentity['inode'] | undefined
  /** Whether bytes were written since the last fsync. */
  isDirty: boolean
}

/** Name in the draft's folder. Each rewrite has a file of its own, so that the last checkpoint still finds its bytes. */
export function diskNameOf({ name, generation }: Pick<CheckpointedFile, 'name' | 'generation'>): string {
  return generation === 0 ? name : `.${name}.${generation}`
}

/** Writes the checkpoint beside the old one and puts it in its place, durably; on any error the old one stays. */
export async function writeCheckpoint(
  fs: FileSystem,
  folder: string,
  value: string,
  files: readonly CheckpointedFile[],
): Promise<void> {
  const temporary = join(folder, `${CHECKPOINT_NAME}.tmp`)
  await writeFileDurably(fs, temporary, `{"version":1,"value":${value},"files":${JSON.stringify(files)}}\n`)
  await fs.rename(temporary, join(folder, CHECKPOINT_NAME))
  await fs.syncFolder(folder)
}

/**
 * Reads a draft back as it was last checkpointed: each file holds just the bytes it held then, and anything else in the
 * folder is removed. `undefined` when there is no checkpoint, or one that does not match the files.
 *
 * Every file gets a new inode, for an owner of an earlier epoch may still hold the old one open and write to it (and on
 * Windows nothing can take the place of such a file): each is copied to its next generation, which the checkpoint then
 * names. Cut off anywhere, this leaves the same checkpoint to the next epoch.
 */
export async function adoptCheckpoint(
  fs: FileSystem,
  folder: string,
): Promise<AdoptedCheckpoint<LocalContent> | undefined> {
  const saved = await readCheckpoint(fs, folder)
  const found = await mapAll(saved?.files ?? [], 8, (file) => fs.stat(join(folder, diskNameOf(file))))
  const isWhole = saved?.files.every(({ bytes }, index) => found[index]?.type === 'file' && found[index].size >= bytes)
  const checkpoint = isWhole ? saved : undefined
  const old = checkpoint?.files ?? []
  const kept = checkpoint && [CHECKPOINT_NAME, ...old.map(diskNameOf)]
  const orphans = new Set(await namesIn(fs, folder)).difference(new Set(kept))
  for (const name of orphans) await fs.removeTree(join(folder, name))
  const files = await mapAll(old, 4, (file) => copyToNextGeneration(fs, folder, file))
  if (checkpoint === undefined || old.length === 0) {
    await fs.syncFolder(folder)
    return checkpoint && { value: checkpoint.value, files: [] }
  }
  const renumbered = old.map((file) => ({ ...file, generation: file.generation + 1 }))
  await writeCheckpoint(fs, folder, JSON.stringify(checkpoint.value), renumbered)
  for (const file of old) await fs.unlink(join(folder, diskNameOf(file)))
  return { value: checkpoint.value, files }
}

async function readCheckpoint(fs: FileSystem, folder: string): Promise<z.output<typeof checkpointSchema> | undefined> {
  const text = await readText(fs, join(folder, CHECKPOINT_NAME))
  if (text === undefined) return undefined
  try {
    return checkpointSchema.parse(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}

/** Copies the checkpointed bytes, durably. */
async function copyToNextGeneration(
  fs: FileSystem,
  folder: string,
  file: CheckpointedFile,
): Promise<StagedFile<LocalContent>> {
  const { name, bytes } = file
  const generation = file.generation + 1
  const digest = new ContentDigest()
  const inode = await withOpen(fs, fs.openNew(join(folder, diskNameOf({ name, generation }))), async (copy) => {
    const original = readFirst(fs, join(folder, diskNameOf(file)), bytes)
    for await (const chunk of digest.pipe(original)) await writeAll(fs, copy, chunk)
    await fs.sync(copy)
    return fs.identifyOpen(copy).inode
  })
  return new StagedFile(name, { generation, inode, isDirty: false }, digest)
}
