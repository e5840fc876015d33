/** What a title keeps of plain letters and digits, in lower case, with one sign in place of all between; `tab` for nothing. */
export function slugOf(title: string, sign: '-' | '_'): string {
  const slug = title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, sign)
    .replace(/^[-_]/, '')
    .slice(0, 60)
    .replace(/[-_]$/, '')
  return slug === '' ? 'tab' : slug
}
