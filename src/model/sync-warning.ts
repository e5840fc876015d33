import { quoted } from './quoted-names.ts'
import type { SyncWarning } from './sync.ts'

/** The code of the warning that counts the cells of a tab that say `Loading...`. */
export const LOADING_CELLS = 'LOADING_CELLS'

/** A tab, or a range of one, that a message is about. */
interface Subject {
  /** The title of the tab. */
  readonly tab: string
  /** The range as asked for; null where the whole tab is downloaded. */
  readonly range?: string | null
}

/** A warning whose message begins with what it is about: `Tab "Orders", range "A1:C9": empty header in column B, …`. */
export function warningAbout(subject: Subject, code: string, count: number, matter: string): SyncWarning {
  return { code, message: `${named(subject)}: ${matter}`, tab: subject.tab, count }
}

/** What a message begins with that is about it. */
export function named({ tab, range = null }: Subject): string {
  return range === null ? `Tab ${quoted(tab)}` : `Tab ${quoted(tab)}, range ${quoted(range)}`
}
