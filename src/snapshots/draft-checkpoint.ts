import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SNAPSHOT_FILE_PATTERN } from '../model/snapshot-manifest.ts'
import { forEach } from './concurrency-limit.ts'
import { type DiskFs, namesIn, readStart, syncFolder, unless, writeAt, writeWhole } from './disk.ts'
import { CHECKPOINT } from './staging-area.ts'

/** How a file stood when it was checkpointed. `generation` counts its rewrites. */
const savedFile = z.object({
  name: z.string().regex(SNAPSHOT_FILE_PATTERN),
  generation: z.int().min(0),
  bytes: z.int().min(0),
})
export type SavedFile = z.output<typeof savedFile>

const savedDraft = z.object({ version: z.literal(1), value: z.unknown(), files: z.array(savedFile) })

/** A checkpointed file on disk again, with the hash of its bytes so far. */
export interface AdoptedFile extends SavedFile {
  /** Name on disk. */
  readonly physical: string
  readonly inode: number
  readonly hash: Hash
}

/**
 * Where a generation of a file lies when the file's own name is not, or no longer, its place: a rewrite is written
 * here, and a generation that is only checkpointed makes room here, so that the last checkpoint still finds its bytes.
 */
export function besideName(name: string, generation: number): string {
  return `.${name}.${generation}`
}

/** Writes the checkpoint beside the old one and puts it in its place, durably; on any error the old one stays. */
export async function writeCheckpoint(fs: DiskFs, folder: string, value: string, files: SavedFile[]): Promise<void> {
  const temporary = join(folder, `${CHECKPOINT}.tmp`)
  try {
    await writeWhole(fs, temporary, `{"version":1,"value":${value},"files":${JSON.stringify(files)}}\n`)
    await fs.rename(temporary, join(folder, CHECKPOINT))
  } catch (error) {
    await unless(fs.unlink(temporary), 'ENOENT')
    throw error
  }
  await syncFolder(fs, folder)
}

/**
 * Reads a draft back as it was last checkpointed: each file holds just the bytes it held then, and anything else in the
 * folder is removed. `undefined` when there is no checkpoint, or one that the files do not bear out.
 *
 * Every file gets a new inode, for an owner of an earlier epoch may still hold the old one open and write to it. Cut off
 * anywhere, this leaves the same checkpoint to the next epoch.
 */
export async function adoptCheckpoint(
  fs: DiskFs,
  folder: string,
): Promise<{ readonly value: unknown; readonly files: readonly AdoptedFile[] } | undefined> {
  const saved = await readCheckpoint(fs, folder)
  const names = new Set(await namesIn(fs, folder))
  const found = await forEach(saved?.files ?? [], 8, (file) => locate(fs, folder, names, file))
  const isWhole = saved !== undefined && found.every((file) => file !== undefined)
  const kept = new Set<string>(isWhole ? [CHECKPOINT, ...found.map(({ physical }) => physical)] : [])
  for (const name of names) {
    if (!kept.has(name)) await fs.rm(join(folder, name), { recursive: true, force: true })
  }
  const files = isWhole ? await forEach(found, 4, (file) => renew(fs, folder, file)) : []
  await syncFolder(fs, folder)
  return isWhole ? { value: saved.value, files } : undefined
}

async function readCheckpoint(fs: DiskFs, folder: string): Promise<z.output<typeof savedDraft> | undefined> {
  const text = await unless(fs.readFile(join(folder, CHECKPOINT), 'utf8'), 'ENOENT')
  if (text === undefined) return undefined
  try {
    return savedDraft.parse(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}

type LocatedFile = SavedFile & { readonly physical: string }

async function locate(
  fs: DiskFs,
  folder: string,
  names: ReadonlySet<string>,
  file: SavedFile,
): Promise<LocatedFile | undefined> {
  const beside = besideName(file.name, file.generation)
  const physical = names.has(beside) ? beside : file.name
  const stats = await unless(fs.lstat(join(folder, physical)), 'ENOENT')
  return stats?.isFile() && stats.size >= file.bytes ? { ...file, physical } : undefined
}

async function renew(fs: DiskFs, folder: string, file: LocatedFile): Promise<AdoptedFile> {
  const path = join(folder, file.physical)
  const copyPath = join(folder, `.${file.name}.copy`)
  const source = await fs.open(path, 'r')
  try {
    const copied = await copyStart(fs, source, copyPath, file.bytes)
    await fs.rename(copyPath, path)
    return { ...file, ...copied }
  } catch (error) {
    await unless(fs.unlink(copyPath), 'ENOENT')
    throw error
  } finally {
    await source.close()
  }
}

/** Copies the first `length` bytes to a new file, durably. */
async function copyStart(
  fs: DiskFs,
  source: FileHandle,
  path: string,
  length: number,
): Promise<{ readonly inode: number; readonly hash: Hash }> {
  const hash = createHash('sha256')
  const copy = await fs.open(path, 'wx')
  try {
    let position = 0
    for await (const chunk of readStart(source, length)) {
      hash.update(chunk)
      await writeAt(copy, chunk, position)
      position += chunk.length
    }
    await copy.sync()
    return { inode: (await copy.stat()).ino, hash }
  } finally {
    await copy.close()
  }
}
