import type { SnapshotFormat } from '../../model/sync-request.ts'

/** Names the file of a tab: what the title keeps of plain letters, and the gid, which no other tab has. */
export function fileName(title: string, gid: number, format: SnapshotFormat, index?: number): string {
  const slug = title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 60)
    .replace(/-$/, '')
  return `${slug === '' ? 'tab' : slug}-${gid}${index === undefined ? '' : `-${index}`}.${format}`
}
