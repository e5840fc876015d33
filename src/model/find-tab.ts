/** What names a tab. */
interface Named {
  readonly gid: number
  readonly title: string
}

/**
 * Finds the tab that a selector names, by the one rule of requests, ranges and reads: `gid:N` is the tab with that gid, and a
 * title like any other where no tab has it; a title is compared as in {@link findNamed}. A number is a gid.
 */
export function findTab<Tab extends Named>(tabs: readonly Tab[], selector: string | number): Tab | undefined {
  if (typeof selector === 'number') return tabs.find(({ gid }) => gid === selector)
  return findByGid(tabs, selector) ?? findNamed(tabs, selector, ({ title }) => title)
}

/** Finds the tab of `gid:N`; `undefined` for any other selector too. */
export function findByGid<Tab extends Named>(tabs: readonly Tab[], selector: string): Tab | undefined {
  const gid = Number(/^gid:(\d{1,10})$/.exec(selector)?.[1])
  return tabs.find((tab) => tab.gid === gid)
}

/**
 * Finds by name: exactly, else without regard to case and to how accents are composed (Unicode NFC). Google keeps the names
 * of a spreadsheet apart without regard to case, so another case can only mean that one; spaces count.
 */
export function findNamed<T>(list: readonly T[], name: string, nameOf: (one: T) => string): T | undefined {
  const folded = fold(name)
  return list.find((one) => nameOf(one) === name) ?? list.find((one) => fold(nameOf(one)) === folded)
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
