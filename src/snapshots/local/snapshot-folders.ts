import { join } from 'node:path'
import { ignoreErrno } from '../../disk/disk-errors.ts'
import { namesIn } from '../../disk/file-operations.ts'
import { isWindowsName } from '../../disk/windows-names.ts'
import { SPREADSHEET_ID_PATTERN } from '../../model/spreadsheet-reference.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import type { SnapshotKey } from '../../ports/snapshot-store.ts'

/**
 * Where snapshots lie: `<directory>/<spreadsheetId>/<syncId>/`. Ids of spreadsheets differ by case, so where the names of
 * folders do not (NTFS, APFS) an id with capitals, or of a name that Windows forbids, is followed by `@` and which of its
 * characters are capitals.
 */
export class SnapshotFolders {
  readonly #fs: FileSystem
  readonly #directory: string
  #ignoresCase = false

  constructor(fs: FileSystem, directory: string) {
    this.#fs = fs
    this.#directory = directory
  }

  /** `present`: the name of a folder that is there, in small letters. Renames what an earlier release has named otherwise. */
  async start(present: string): Promise<void> {
    this.#ignoresCase = (await this.#fs.stat(join(this.#directory, present.toUpperCase()))) !== undefined
    if (!this.#ignoresCase) return
    for (const name of await namesIn(this.#fs, this.#directory)) {
      const path = this.ofSpreadsheet(name)
      if (!SPREADSHEET_ID_PATTERN.test(name) || path === join(this.#directory, name)) continue
      await ignoreErrno(this.#fs.rename(join(this.#directory, name), path), 'ENOENT', 'ENOTEMPTY', 'EEXIST')
    }
  }

  ofSpreadsheet(id: string): string {
    const isItself = !this.#ignoresCase || (!/[A-Z]/.test(id) && isWindowsName(id))
    return join(this.#directory, isItself ? id : `${id}@${capitalsOf(id)}`)
  }

  /** The spreadsheet whose folder has this name; `undefined` when it is that of none. */
  spreadsheetOf(name: string): string | undefined {
    const [id = ''] = name.split('@')
    const isFolder = SPREADSHEET_ID_PATTERN.test(id) && this.ofSpreadsheet(id) === join(this.#directory, name)
    return isFolder ? id : undefined
  }

  of({ spreadsheetId, syncId }: SnapshotKey): string {
    return join(this.ofSpreadsheet(spreadsheetId), syncId)
  }
}

/** One bit for each character, in base 36. */
function capitalsOf(id: string): string {
  const bits = Array.from(id, (character) => (/[A-Z]/.test(character) ? '1' : '0')).join('')
  return BigInt(`0b${bits}`).toString(36)
}
