import { join } from 'node:path'

/** The last moment that a name of a day can tell. */
const LAST_MS = Date.UTC(9999, 11, 31)

const NAME = /^(\d{4}-\d{2}-\d{2})(?:\.(\d{1,9}))?\.ndjson(\.gz)?(\.index)?(\.new)?$/

/** The day, in UTC, on which the id of a sync was made (UUIDv7), such as `2026-11-28`; days sort as ids do. */
export function dayOf(syncId: string): string {
  const ms = Number.parseInt(syncId.slice(5, 13) + syncId.slice(14, 18), 16)
  return dayAt(ms)
}

export function dayAt(ms: number): string {
  return new Date(Math.min(ms, LAST_MS)).toISOString().slice(0, 10)
}

/** What a name in the folder of the history says, if it is one of ours. */
export interface DayFileName {
  readonly day: string
  /** Of packed lines, which of the files of the day, counted from 1; 0 for lines that are not packed. */
  readonly generation: number
  readonly kind: 'data' | 'index' | 'unfinished'
}

export function parseDayFileName(name: string): DayFileName | undefined {
  const [, day, generation = '1', gzip, index, unfinished] = NAME.exec(name) ?? []
  if (day === undefined) return undefined
  const kind = unfinished !== undefined ? 'unfinished' : index === undefined ? 'data' : 'index'
  return { day, generation: gzip === undefined ? 0 : Number(generation), kind }
}

/**
 * The files of one day: `2026-11-28.ndjson` as lines come, and `2026-11-28.ndjson.gz` once they are packed (after lines were
 * taken out of it, `2026-11-28.2.ndjson.gz`), each with its index.
 */
export class DayFiles {
  readonly lines: string
  readonly linesIndex: string
  readonly packedIndex: string
  readonly folder: string
  readonly #base: string

  constructor(folder: string, day: string) {
    this.folder = folder
    this.#base = join(folder, day)
    this.lines = `${this.#base}.ndjson`
    this.linesIndex = `${this.lines}.index`
    this.packedIndex = `${this.#base}.ndjson.gz.index`
  }

  packed(generation: number): string {
    return generation === 1 ? `${this.#base}.ndjson.gz` : `${this.#base}.${generation}.ndjson.gz`
  }
}
