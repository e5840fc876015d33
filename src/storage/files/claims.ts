import { basename, relative } from 'node:path'
import { AppError } from '../../errors.ts'
import type { Sync } from '../../model/sync.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import type { Log } from '../../ports/log.ts'
import { type ClaimName, type Layout, parseTempName, versionOf } from './folder-layout.ts'
import type { Processes } from './processes.ts'
import { formatRecord, parseRecord } from './record-format.ts'
import type { Records, StoredRecord } from './records.ts'
import { errnoOf } from './storage-errors.ts'
import type { TempFile, TempFiles } from './temp-files.ts'

/** Milliseconds for which a leftover must have been seen unchanged before it counts as one, if its writer may be alive. */
export const LEFTOVER_AGE_MS = 600_000

/** So often a record may change from outside (a person's editor, a `touch`) under one replace before it gives up. */
const TRIES = 5

export interface SuccessionOptions {
  readonly layout: Layout
  readonly fs: FileSystem
  readonly clock: Clock
  readonly log: Log
  readonly processes: Processes
  readonly records: Records
  readonly temps: TempFiles
  /** Bytes above which a record is packed. */
  readonly packAbove: number
}

/**
 * Compare-and-set of records across processes, without locks: whoever dies or sleeps on the way holds up nobody.
 *
 * To succeed revision r of a record M, a writer
 *   1. writes its successor to a temporary file T of its own, whose name tells the version of M that it succeeds;
 *   2. makes a claim: the symlink C(r, n) to T, which fails if that name is taken;
 *   3. looks whether M is still that version, and if so
 *   4. renames T to M, and 5. removes the claims on r.
 * Whoever finds C(r, n) taken reads it *first* and M *afterwards*. If M has moved on, it was too late. If not, it helps:
 * it renames that T itself. If that T is gone and M is still at r, then C(r, n) is dead for ever, and n + 1 is next.
 *
 * Why exactly one successor of r wins, wherever a process is stopped, killed or continued:
 * - T has one name, so of all renames and removals of T exactly one succeeds: it is published once or never.
 * - Claims on r are removed only after M was seen past r. So while M is at r, the claims on r are a row without gaps
 *   in which all but the last are dead, and only the T of the last one can still become M.
 * - A claim that is made when M is already past r is never followed by a rename: its maker looks at M after making it,
 *   and a helper looks at M after reading it. Removing it is therefore harmless to everyone.
 * - A writer whose T is gone when it wants to rename (or withdraw) it was helped: others remove a T only when its writer
 *   is known to have ended or after LEFTOVER_AGE_MS.
 * - A power cut may bring back an older M beside younger claims. Their T names a version that M is not, or is torn; such
 *   a T is never published, its writer being dead, but removed, which makes its claim a dead one.
 * A removal is a succession by a symlink that leads nowhere: to readers the record is absent from that rename on, and its
 * name is cleared away afterwards. Ids are never used again, so absent counts as past every revision.
 */
export class Succession {
  readonly #options: SuccessionOptions

  constructor(options: SuccessionOptions) {
    this.#options = options
  }

  /**
   * Publishes `next` (or the removal) if the stored revision is `base`; resolves to whether it did. Its name is not yet
   * durable then, but its bytes are, always: a rename may reach the disk before the bytes of its file, and then a power
   * cut leaves zeros where an older, durable version had been (seen on ext4, in spite of its auto_da_alloc).
   */
  async succeed(id: string, base: number, next: Sync | 'removed'): Promise<boolean> {
    const { records, temps, packAbove } = this.#options
    for (let tries = 0; tries < TRIES; tries++) {
      const current = await records.find(id)
      if (current === undefined || current.sync.revision !== base) return false
      const version = versionOf(current.identity)
      const temp =
        next === 'removed'
          ? await temps.writeRemoval(version)
          : await temps.write({ kind: 'record', base: version }, await formatRecord(next, packAbove), {
              sync: true,
              revision: next.revision,
            })
      try {
        const published = await this.#publish(id, base, temp, current)
        if (published === false) await temps.abandon(temp)
        if (published === undefined) continue
        if (published && next !== 'removed') records.keepPublished(next, temp.version)
        if (published && next === 'removed') await this.#clear(id)
        return published
      } catch (error) {
        await temps.abandon(temp)
        throw error
      } finally {
        temps.done(temp)
      }
    }
    throw new AppError('STORAGE_UNAVAILABLE', 'The status is being changed by something else.')
  }

  /** Lets the claimants of this revision finish, as any other writer would; for what dead ones left. */
  async settle(claim: ClaimName): Promise<void> {
    const current = await this.#options.records.find(claim.id)
    if (current?.sync.revision === claim.base) await this.#help(claim)
  }

  /** Removes claims on a revision that the record is past; they are of no use to anyone. */
  async dropClaims(id: string, base: number, attempts: number): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      await this.#discard(this.#options.layout.claim({ id, base, attempt }))
    }
  }

  /** Resolves to whether T was published, or to `undefined` when the record has changed without leaving its revision. */
  async #publish(id: string, base: number, temp: TempFile, current: StoredRecord): Promise<boolean | undefined> {
    const { fs, layout } = this.#options
    const attempt = await this.#claim(id, base, temp)
    if (attempt === undefined) return false
    const identity = fs.identify(layout.record(id))
    if (identity === undefined || versionOf(identity) !== versionOf(current.identity)) {
      return this.#withdraw(id, base, temp, attempt)
    }
    try {
      await fs.rename(temp.path, layout.record(id))
    } catch (error) {
      await this.#takeBack(id, base, temp, error)
    }
    await this.dropClaims(id, base, attempt + 1)
    return true
  }

  /** Gives up a T that came too late; it may have been published all the same, by a helper, before it was too late. */
  async #withdraw(id: string, base: number, temp: TempFile, attempt: number): Promise<boolean | undefined> {
    const { records, temps } = this.#options
    const withdrawn = await temps.remove(temp)
    if (!withdrawn && !(await this.#wasPublished(id, base, temp))) throw missing(temp)
    const found = withdrawn ? await records.find(id) : undefined
    // Touched by something else: the claim, dead now, has to stay, as M is still at this revision.
    if (found?.sync.revision === base) return undefined
    await this.dropClaims(id, base, attempt + 1)
    return !withdrawn
  }

  /** After a failed rename: removes T and throws the error, unless T was published by now; then nothing has failed. */
  async #takeBack(id: string, base: number, temp: TempFile, error: unknown): Promise<void> {
    const takenBack = await this.#options.temps.remove(temp)
    if (takenBack || !(await this.#wasPublished(id, base, temp))) throw error
  }

  /** Tells of a claimed T that is gone what has become of it. */
  async #wasPublished(id: string, base: number, temp: TempFile): Promise<boolean> {
    const found = await this.#options.records.find(id)
    if (found === undefined) return parseTempName(temp.name)?.kind === 'removal'
    if (found.sync.revision === base) return false
    const tooYoungToBeSwept = this.#options.clock.monotonic() - temp.writtenAt < LEFTOVER_AGE_MS / 2
    return tooYoungToBeSwept || versionOf(found.identity) === temp.version
  }

  /** Makes the first claim on the revision that is not dead; `undefined` when the record has moved on meanwhile. */
  async #claim(id: string, base: number, temp: TempFile): Promise<number | undefined> {
    const { fs, layout } = this.#options
    for (let attempt = 0; ; attempt++) {
      const claim = { id, base, attempt }
      try {
        await fs.symlink(relative(layout.claims, temp.path), layout.claim(claim))
        return attempt
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error
      }
      if ((await this.#help(claim)) === 'moved on') return undefined
    }
  }

  /** Does for the maker of a claim what it has not done yet. */
  async #help(claim: ClaimName): Promise<'moved on' | 'dead'> {
    const { fs, layout, records } = this.#options
    let target: string
    try {
      target = await fs.readlink(layout.claim(claim))
    } catch (error) {
      // Claims go only after the record has moved on.
      if (errnoOf(error) === 'ENOENT') return 'moved on'
      throw error
    }
    const current = await records.find(claim.id)
    if (current?.sync.revision !== claim.base) return 'moved on'
    const temp = layout.temp(basename(target))
    if (await this.#isFit(temp, claim, versionOf(current.identity))) {
      try {
        await fs.rename(temp, layout.record(claim.id))
        return 'moved on'
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error
      }
    }
    const found = await records.find(claim.id)
    return found?.sync.revision === claim.base ? 'dead' : 'moved on'
  }

  /** Whether the successor may be published; one that never may be is removed. False also when it is gone. */
  async #isFit(temp: string, claim: ClaimName, version: string): Promise<boolean> {
    const { fs, processes } = this.#options
    const name = parseTempName(temp)
    if (name === undefined) return false
    let fit = name.base === version
    if (fit && name.kind === 'record') {
      try {
        fit = (await parseRecord(claim.id, (await fs.read(temp)).bytes)).revision > claim.base
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return false
        if (errnoOf(error) !== undefined) throw error
        fit = false
      }
    }
    if (fit) return true
    if (processes.isOfThisBoot(name.writer) && !processes.isGone(name.writer)) {
      throw new AppError('STORAGE_UNAVAILABLE', 'The status is just being written by another process.')
    }
    await this.#discard(temp)
    return false
  }

  /** Clears away the name of a removed record. */
  async #clear(id: string): Promise<void> {
    this.#options.records.forget(id)
    await this.#discard(this.#options.layout.record(id))
  }

  /** Removes what nobody needs. What cannot be removed now is left for the sweeper. */
  async #discard(path: string): Promise<void> {
    try {
      await this.#options.fs.unlink(path)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      if (errnoOf(error) !== 'ENOENT') this.#options.log.warn({ err: error }, 'a leftover could not be removed')
    }
  }
}

function missing(temp: TempFile): Error {
  return Object.assign(new Error(`${temp.name} was removed by somebody else`), { code: 'ENOENT', syscall: 'rename' })
}
