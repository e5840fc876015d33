/** Names that a message lists at most. */
const LISTED = 20

/** A name in a message: in quotes, and never at any length. */
export function quoted(name: string): string {
  return `"${name.slice(0, 100)}"`
}

/** What a caller named a tab by, its title or its gid, in a message. */
export function quotedTab(selector: string | number): string {
  return typeof selector === 'number' ? `gid ${selector}` : quoted(selector)
}

/** Names in a message, or tabs as a caller named them; the first of many. */
export function listed(names: readonly (string | number)[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  return `${names.slice(0, LISTED).map(quotedTab).join(', ')}${more}`
}
