import { join } from 'node:path'
import { errnoOf } from '../../disk/disk-errors.ts'
import { AppError } from '../../errors.ts'
import type { FileIdentity } from '../../ports/file-system.ts'
import { type ClaimName, claimNameOf, parseTempName } from './file-names.ts'
import { isSameVersion, versionOf } from './file-version.ts'
import type { StatusFolder } from './status-folder.ts'
import type { TempFile, TempFiles } from './temp-files.ts'

/** Milliseconds for which a file must have been seen unchanged before it counts as orphaned, if its writer may be alive. */
export const ORPHAN_AGE_MS = 600_000

/** So often a file may change from outside (a person's editor, a `touch`) under one replace before it gives up. */
const TRIES = 5

/** What a file is at this moment. */
interface Present {
  /** What a successor succeeds. Never comes back once it was succeeded: of each base there is one successor. */
  readonly base: string
  /** Differs also where something else than claims has changed the file, which leaves its base as it is. */
  readonly version: string
  /** Known of files that may be removed. */
  readonly identity?: FileIdentity
}

/** A file that is replaced through claims alone. */
export interface ClaimedFile {
  /** Its name in the names of claims: letters, digits, `_` and `-`. */
  readonly id: string
  readonly path: string
  /** `undefined` when it is not there. */
  read(): Promise<Present | undefined>
  /** Whether these bytes are whole: a power cut may have torn them. */
  isWhole(bytes: Buffer): Promise<boolean>
}

/**
 * Compare-and-set of files across processes, without locks: whoever dies or sleeps on the way holds up nobody.
 *
 * To succeed base r of a file M, a writer
 *   1. writes its successor to a temporary file T of its own, whose name holds the version of M that it succeeds;
 *   2. makes a claim: the hard link C(r, n) to T, which fails if that name is taken;
 *   3. checks that M is still that version, and if so
 *   4. renames T to M, and 5. removes the claims on r.
 * Whoever finds C(r, n) taken looks at it *first* and at M *afterwards*. If M has moved on, it was too late. If not, it
 * helps: it finds T, which is the same file as C(r, n), and renames it itself. If that T is gone and M is still at r, then
 * C(r, n) is dead for ever, and n + 1 is next. To remove M at r, a writer makes C(r, n) a hard link to M itself, and unlinks
 * M; whoever finds C(r, n) to be the same file as M unlinks M too. What is absent is past every base, for ever.
 *
 * Why exactly one successor of r wins, wherever a process is stopped, killed or continued:
 * - T has one name, so of all renames and removals of T exactly one succeeds: it is published once or never.
 * - Claims on r are removed only after M was seen past r. So while M is at r, the claims on r are a row without gaps
 *   in which all but the last are dead, and only the T of the last one can still become M.
 * - A claim that is made when M is already past r is never followed by a rename: its maker checks M after making it,
 *   and a helper reads M after reading it. Removing it is therefore harmless to everyone.
 * - A writer whose T is gone when it wants to rename (or withdraw) it was helped: others remove a T only when its writer
 *   is known to have ended or after ORPHAN_AGE_MS.
 * - A claim to remove is never taken back, not even when the unlink fails: while M is at r nothing else can succeed r, so
 *   an unlink of M that comes late finds the M that was claimed, or none. (Only whoever puts another file in the place of
 *   M by hand makes such a claim a dead one.)
 * - A rename, link or unlink that the file system tries again, as somebody has the file open (Windows), is one that begins
 *   late. Had an earlier try taken effect after all, a rename or unlink finds its file gone, as if it had been helped.
 * - The inode of a claim is in use as long as the claim is there, so no other file can be taken for its T.
 * - A power cut may bring back an older M beside younger claims. Their T names a version that M is not, or is torn; such
 *   a T is never published, its writer being dead, but removed, which makes its claim a dead one.
 */
export class Claims {
  readonly #folder: StatusFolder
  readonly #temps: TempFiles
  readonly #path: string

  /** `path`: of the folder that the claims lie in. */
  constructor(folder: StatusFolder, temps: TempFiles, path: string) {
    this.#folder = folder
    this.#temps = temps
    this.#path = path
  }

  /**
   * Publishes what `write` makes to succeed a version, if the file is at `base`; resolves to what was published, or to
   * `undefined`. Its name is not yet durable then, but its bytes must be, always: a rename may reach the disk before the
   * bytes of its file, and then a power cut leaves zeros where an older, durable version had been (seen on ext4, in
   * spite of its auto_da_alloc).
   */
  async replace(
    file: ClaimedFile,
    base: string,
    write: (version: string) => Promise<TempFile>,
  ): Promise<TempFile | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const present = await file.read()
      if (present?.base !== base) return undefined
      const temp = await write(present.version)
      try {
        const published = await this.#publish(file, present, temp)
        if (published === undefined) continue
        if (!published) await this.#temps.abandon(temp)
        return published ? temp : undefined
      } catch (error) {
        await this.#temps.abandon(temp)
        throw error
      } finally {
        this.#temps.done(temp)
      }
    }
    throw changing()
  }

  /**
   * Removes the file if it is at `base`; resolves to whether it did. Once it has begun it may take effect although it
   * rejects, then or later, as whoever comes next helps. Only for files whose name is never used again.
   */
  async remove(file: ClaimedFile, base: string): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries++) {
      const present = await file.read()
      if (present?.base !== base) return false
      const attempt = await this.#claim(file, base, file.path)
      if (attempt === undefined) return false
      const claim = { id: file.id, base, attempt }
      const claimed = this.#folder.fs.identify(this.#pathOf(claim))
      if ((await this.help(file, claim)) === 'dead') continue
      await this.#drop(file, base, attempt)
      // If not, it had moved on between the read and the claim. If the claim was gone, somebody had helped.
      return claimed === undefined || versionOf(claimed) === present.version
    }
    throw changing()
  }

  /**
   * Does for the maker of a claim what it has not done yet; resolves to whether the file has moved on from the base of
   * the claim, or the claim is dead.
   */
  async help(file: ClaimedFile, claim: ClaimName): Promise<'moved on' | 'dead'> {
    if ((await file.read())?.base !== claim.base) return 'moved on'
    // Claims go only after the file has moved on; so if this one is gone, or another by now, the next read sees that.
    const claimed = this.#folder.fs.identify(this.#pathOf(claim))
    const name = await this.claimedTemp(claim)
    const present = await file.read()
    if (present?.base !== claim.base) return 'moved on'
    if (claimed && present.identity && isSameVersion(claimed, present.identity)) {
      await this.#folder.remove(file.path)
      return 'moved on'
    }
    if (name !== undefined && (await this.#isFit(file, name, present.version))) {
      try {
        await this.#folder.fs.rename(this.#folder.temp(name), file.path)
        return 'moved on'
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error
      }
    }
    return (await file.read())?.base === claim.base ? 'dead' : 'moved on'
  }

  /** Name of the temporary file that a claim was made for; `undefined` when it or the claim is gone, or it is a removal. */
  async claimedTemp(claim: ClaimName): Promise<string | undefined> {
    const { fs, temps } = this.#folder
    for await (const names of fs.list(temps)) {
      for (const name of names) {
        const [claimed, temp] = [fs.identify(this.#pathOf(claim)), fs.identify(this.#folder.temp(name))]
        if (claimed === undefined) return undefined
        if (temp !== undefined && isSameVersion(temp, claimed)) return name
      }
    }
    return undefined
  }

  /** Resolves to whether T was published, or to `undefined` when the file has changed without leaving its base. */
  async #publish(file: ClaimedFile, { base, version }: Present, temp: TempFile): Promise<boolean | undefined> {
    const attempt = await this.#claim(file, base, temp.path)
    if (attempt === undefined) return false
    const published = await this.#renameOrWithdraw(file, base, version, temp)
    // Touched by something else: the claim, dead now, has to stay, as M is still at this base.
    if (!published && (await file.read())?.base === base) return undefined
    await this.#drop(file, base, attempt)
    return published
  }

  /** Renames the claimed T, if M is still what it succeeds, or removes it; resolves to whether it was published. */
  async #renameOrWithdraw(file: ClaimedFile, base: string, version: string, temp: TempFile): Promise<boolean> {
    try {
      const present = await file.read()
      if (present?.base !== base || present.version !== version) return !(await this.#withdraw(file, base, temp))
      await this.#folder.fs.rename(temp.path, file.path)
    } catch (error) {
      // What a helper has published has not failed.
      if (await this.#withdraw(file, base, temp)) throw error
    }
    return true
  }

  /** Removes a T that is not to be published; resolves to false when a helper had published it before. */
  async #withdraw(file: ClaimedFile, base: string, temp: TempFile): Promise<boolean> {
    if (await this.#folder.remove(temp.path)) return true
    const found = await file.read()
    const tooYoungToBeSwept = this.#folder.clock.monotonic() - temp.writtenAt < ORPHAN_AGE_MS / 2
    if (found?.base !== base && (tooYoungToBeSwept || found?.version === temp.version)) return false
    throw Object.assign(new Error(`${temp.name} was removed by somebody else`), { code: 'ENOENT', syscall: 'rename' })
  }

  /** Links `path` to the first claim on the base that is not dead; `undefined` when the file has moved on meanwhile. */
  async #claim(file: ClaimedFile, base: string, path: string): Promise<number | undefined> {
    for (let attempt = 0; ; attempt++) {
      const claim = { id: file.id, base, attempt }
      try {
        await this.#folder.fs.link(path, this.#pathOf(claim))
        return attempt
      } catch (error) {
        if (errnoOf(error) === 'ENOENT' && (await file.read())?.base !== base) return undefined
        if (errnoOf(error) !== 'EEXIST') throw error
      }
      if ((await this.help(file, claim)) === 'moved on') return undefined
    }
  }

  /** Whether the successor may be published; one that never may be is removed. False also when it is gone. */
  async #isFit(file: ClaimedFile, name: string, version: string): Promise<boolean> {
    const { fs, processes } = this.#folder
    const temp = parseTempName(name)
    if (temp === undefined) return false
    if (this.#temps.ownershipOf(name) === 'ended') {
      // A write of ours that has failed, and could not even remove its file: it shall not succeed after all.
      await this.#folder.remove(this.#folder.temp(name))
      return false
    }
    try {
      const { bytes } = await fs.read(this.#folder.temp(name))
      if (temp.base === version && (await file.isWhole(bytes))) return true
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      return false
    }
    if (processes.isOfThisBoot(temp.writer) && !processes.isGone(temp.writer)) {
      throw new AppError('STORAGE_UNAVAILABLE', 'The status is just being written by another process.')
    }
    await this.#folder.discard(this.#folder.temp(name))
    return false
  }

  /** Removes the claims on a base that the file is past, up to this attempt; they are of no use to anyone. */
  async #drop(file: ClaimedFile, base: string, lastAttempt: number): Promise<void> {
    for (let attempt = 0; attempt <= lastAttempt; attempt++) {
      await this.#folder.discard(this.#pathOf({ id: file.id, base, attempt }))
    }
  }

  #pathOf(claim: ClaimName): string {
    return join(this.#path, claimNameOf(claim))
  }
}

function changing(): AppError {
  return new AppError('STORAGE_UNAVAILABLE', 'The status is being changed by something else.')
}
