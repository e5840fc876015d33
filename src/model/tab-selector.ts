import { z } from 'zod'
import { findNamed } from './find-tab.ts'
import { HIGHEST_GID } from './spreadsheet-reference.ts'

/** One tab as a caller names it: its title, or its gid. */
export const tabSelector = z
  .union(
    [
      z.string().min(1, 'must not be empty').max(200, 'is longer than any tab title (200 characters)'),
      z.int('must be a whole number').min(0, 'must be a gid, 0 or more').max(HIGHEST_GID, 'is higher than any gid'),
    ],
    'must be a title (text) or a gid (a number)',
  )
  .describe('A tab title in whatever case, or gid:N (string), or a gid (number, as in the URL of the spreadsheet)')
export type TabSelector = z.output<typeof tabSelector>

/** Whether a tab is none of these, as far as that can be told: a title and a gid may be those of one tab. */
export function isOther(tab: TabSelector, tabs: readonly TabSelector[]): boolean {
  const all = [tab, ...tabs]
  if (all.every((one) => typeof one === 'number')) return !tabs.includes(tab)
  if (!all.every((one) => typeof one === 'string' && !one.startsWith('gid:'))) return false
  return findNamed(tabs, String(tab), String) === undefined
}
