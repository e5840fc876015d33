import { slugOf } from '../../model/slug.ts'
import type { SnapshotFormat } from '../../model/sync-request.ts'

/** Names the file of a tab: what the title keeps of plain letters, and the gid, which no other tab has. */
export function fileName(title: string, gid: number, format: SnapshotFormat, index?: number): string {
  return `${slugOf(title, '-')}-${gid}${index === undefined ? '' : `-${index}`}.${format}`
}
