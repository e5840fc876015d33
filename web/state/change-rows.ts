import type { TabChanges } from '../../client/src/types.ts'
import { ChangedCell } from '../parts/cells.ts'

type Change = TabChanges['changes'][number]

/** The sign of a change, which a table has in its first column beside the word. */
const SIGNS: Readonly<Record<Change['change'], string>> = { added: '+', removed: '−', changed: '±' }

/** The name of that first column; no column of a tab has a line break at its end. */
export const CHANGE_COLUMN = 'change\n'

/** A change as a row of a table: its kind, and its cells by column. */
export function changeRow(change: Change): Readonly<Record<string, unknown>> {
  const kind = { [CHANGE_COLUMN]: `${SIGNS[change.change]} ${change.change}` }
  if (change.change !== 'changed') return { ...change.row, ...kind }
  const cells = Object.entries(change.columns).map(([name, cell]) => {
    const { old, new: now } = cell as { old: unknown; new: unknown }
    return [name, new ChangedCell(old, now)] as const
  })
  return { ...change.key, ...Object.fromEntries(cells), ...kind }
}

/** `3 rows added, 1 removed, 2 changed`; nothing of the kind: `undefined`. */
export function changeCounts({ added, removed, changed }: TabChanges['counts']): string | undefined {
  const parts = [
    [added, 'added'],
    [removed, 'removed'],
    [changed, 'changed'],
  ].filter(([value]) => value !== 0)
  if (parts.length === 0) return undefined
  const [[first = 0] = []] = parts
  const words = parts.map(([value, word]) => `${Number(value).toLocaleString('en')} ${word}`)
  return words.join(', ').replace(' ', first === 1 ? ' row ' : ' rows ')
}
