import { open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { type ApiKeyEntry, parseKeysFile } from '../src/api-keys-file.ts'

/** An entry as it is to be written; whether it may be is checked then. */
export type WantedEntry = Omit<ApiKeyEntry, 'credentials'> & {
  readonly credentials?: string | readonly string[] | undefined
}

/**
 * Puts what `edit` makes of the entry of this name into a file of API keys, which nobody ever sees half-written and its
 * owner alone may read: another entry, none (`undefined`), or a text that says why it cannot. The others stay. Resolves to
 * why nothing was changed; to `undefined` once the file is changed.
 */
export async function editKeysFile(
  path: string,
  name: string,
  edit: (known: ApiKeyEntry | undefined) => WantedEntry | string | undefined,
): Promise<string | undefined> {
  // A link stays a link.
  const target = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return path
    throw error
  })
  const next = `${target}.new`
  // It is made before the file is read, so two edits at once cannot undo each other.
  const draft = await open(next, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined
    throw error
  })
  if (draft === undefined) return `another edit is under way, or was cut off; in that case remove ${next}`
  try {
    const text = await readFile(target, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{"keys":[]}'
      throw error
    })
    const { entries, faults } = parseKeysFile(text)
    if (faults.length > 0) return `it ${faults.join('\nit ')}`
    const made = edit(entries.find((entry) => entry.name === name))
    if (typeof made === 'string') return `it ${made}`
    const at = entries.findIndex((entry) => entry.name === name)
    const place = at === -1 ? entries.length : at
    const keys = [...entries.slice(0, place), ...(made === undefined ? [] : [made]), ...entries.slice(place + 1)]
    const written = `${JSON.stringify({ keys }, null, 2)}\n`
    const wrong = parseKeysFile(written).faults
    if (wrong.length > 0) return wrong.map((fault) => `then ${fault}`).join('\n')
    await draft.writeFile(written)
    await draft.sync()
    // Windows renames no file that is open.
    await draft.close()
    await rename(next, target)
    return undefined
  } finally {
    await draft.close()
    await rm(next, { force: true })
  }
}
