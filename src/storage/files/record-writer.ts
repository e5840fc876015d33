import { AppError } from '../../errors.ts'
import type { Sync } from '../../model/sync.ts'
import { isCorruptRecord } from '../../model/sync-record.ts'
import { type ClaimedFile, Claims } from './claims.ts'
import type { ClaimName } from './file-names.ts'
import { versionOf } from './file-version.ts'
import type { RecordCache, StoredRecord } from './record-cache.ts'
import { formatRecord, parseRecord, textSize } from './record-format.ts'
import type { StatusFolder } from './status-folder.ts'
import type { TempFile, TempFiles } from './temp-files.ts'

/**
 * Creates, replaces and removes records; see {@link Claims} for how exactly one of many writers wins. The base of a record
 * is its revision. Ids are never used again, so absent counts as past every revision.
 */
export class RecordWriter {
  readonly #folder: StatusFolder
  readonly #records: RecordCache
  readonly #temps: TempFiles
  readonly #packAbove: number
  readonly #claims: Claims

  /** `packAbove`: bytes above which a record is packed. */
  constructor(folder: StatusFolder, records: RecordCache, temps: TempFiles, packAbove: number) {
    this.#folder = folder
    this.#records = records
    this.#temps = temps
    this.#packAbove = packAbove
    this.#claims = new Claims(folder, temps, folder.claims)
  }

  /** Publishes a new record, unless its name is taken; rejects with `SYNC_EXISTS` then. Resolves to the bytes of its file. */
  async create(sync: Sync): Promise<number> {
    const bytes = await formatRecord(sync, this.#packAbove)
    const temp = await this.#write(sync, bytes)
    if (!(await this.#temps.link(temp, this.#folder.record(sync.id)))) {
      throw new AppError('SYNC_EXISTS', `There is a sync ${sync.id} already.`)
    }
    this.#records.keepPublished(sync, temp.version, textSize(bytes))
    return bytes.length
  }

  /** Publishes `next` if the stored revision is this one; resolves to the bytes of its file, or to `undefined` if it did not. */
  async replace(next: Sync, revision: number): Promise<number | undefined> {
    const file = this.#claimedFile(next.id)
    let bytes: Buffer | undefined
    const published = await this.#claims.replace(file, String(revision), async (base) => {
      bytes ??= await formatRecord(next, this.#packAbove)
      return this.#write(next, bytes, base)
    })
    if (published === undefined || bytes === undefined) return undefined
    this.#records.keepPublished(next, published.version, textSize(bytes))
    return bytes.length
  }

  /** Removes the record if the stored revision is this one; resolves to whether it did. */
  async remove(id: string, revision: number): Promise<boolean> {
    const removed = await this.#claims.remove(this.#claimedFile(id), String(revision))
    if (removed) this.#records.forget(id)
    return removed
  }

  /**
   * Resolves to whether the record is past a claim, which then may go. If not, and the temporary file that was claimed for
   * is orphaned, first publishes that.
   */
  async settleClaim(claim: ClaimName, isOrphaned: (tempName: string) => boolean): Promise<boolean> {
    const base = Number(claim.base)
    const revision = async () => (await this.#records.findReadable(claim.id))?.revision ?? Number.POSITIVE_INFINITY
    if ((await revision()) === base) {
      const temp = await this.#claims.claimedTemp(claim)
      if (temp !== undefined && !isOrphaned(temp)) return false
      await this.#claims.help(this.#claimedFile(claim.id), claim)
    }
    // A claim on the stored revision, or a later one, must stay, dead or alive: see Claims.
    return (await revision()) > base
  }

  #write({ revision }: Sync, bytes: Buffer, base?: string): Promise<TempFile> {
    return this.#temps.write(bytes, { base, sync: true, stamp: { revision } })
  }

  #claimedFile(id: string): ClaimedFile {
    return {
      id,
      path: this.#folder.record(id),
      read: async () => presentOf(await this.#records.find(id)),
      async isWhole(bytes) {
        try {
          return (await parseRecord(id, bytes)).id === id
        } catch (error) {
          if (isCorruptRecord(error)) return false
          throw error
        }
      },
    }
  }
}

function presentOf(record: StoredRecord | undefined) {
  if (record === undefined) return undefined
  const { sync, identity } = record
  return { base: String(sync.revision), version: versionOf(identity), identity }
}
