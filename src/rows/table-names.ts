import { slugOf } from '../model/slug.ts'
import { engineNames, fold } from './engine-names.ts'
import { isReserved } from './sql-words.ts'

interface Titled {
  readonly title: string
}

/**
 * The names of the tables of some tabs, the same place for each: its title, and its slug where that is another name. All
 * are unlike whatever the case.
 */
export function tableNames(tabs: readonly Titled[]): string[][] {
  const titles = engineNames(tabs.map(({ title }) => title))
  const slugs = titles.map(tableSlug)
  const isTitle = (index: number) => slugs[index] === titles[index]?.toLowerCase()
  const others = slugs.filter((_, index) => !isTitle(index))
  const unlike = engineNames([...titles, ...others]).slice(titles.length)
  return titles.map((title, index) => (isTitle(index) ? [title] : [title, unlike.shift() ?? title]))
}

/** A title as a name that needs no quotes: `Sales 2024 (€)` is `sales_2024`, `Order` is `t_order`. */
function tableSlug(title: string): string {
  const slug = slugOf(title, '_')
  return /^\d/.test(slug) || isReserved(slug) ? `t_${slug}` : slug
}

/** The tabs that a statement names, with all their names; all tabs when it names none, as in `SHOW TABLES`. */
export function tablesNamed<Tab extends Titled>(
  tabs: readonly Tab[],
  read: readonly string[],
): { tab: Tab; names: string[] }[] {
  const named = new Set(read.map(fold))
  const all = tableNames(tabs).flatMap((names, index) => {
    const tab = tabs[index]
    return tab === undefined ? [] : [{ tab, names }]
  })
  return named.size === 0 ? all : all.filter(({ names }) => names.some((name) => named.has(fold(name))))
}
