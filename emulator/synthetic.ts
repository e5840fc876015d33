import type { Cell, DateCell } from './cells.ts'
import type { GridTab, Workbook } from './workbook-model.ts'

export type SyntheticKind = 'mixed' | 'numbers' | 'text' | 'dates'

export interface SyntheticTab {
  gid: number
  title: string
  /** Rows of the grid, all filled; the first one names the columns. */
  rows: number
  columns: number
  /** What columns hold. `mixed` takes turns: whole number, text, decimal, date, boolean with blanks. */
  kind: SyntheticKind
  /** 0-based columns that hold dates whatever the kind. */
  dateColumns?: number[]
}

const WORDS = (
  'amber basil cedar delta ember fjord grove harbor indigo juniper kelp lilac maple nectar olive pepper quartz raven ' +
  'saffron thistle umber violet willow xenon yarrow zephyr almond birch clover dune "quoted" naïve'
).split(' ')

/** A well-mixed 32-bit number of a cell: the same for the same cell, seed and process, and different between cells. */
function hash(seed: number, row: number, column: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(row + 1, 0xc2b2ae35) ^ Math.imul(column + 1, 0x27d4eb2f)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return (h ^ (h >>> 15)) >>> 0
}

const text = (h: number) => `${WORDS[h & 31]} ${WORDS[(h >>> 5) & 31]} ${h >>> 22}`
/** A day from 2000 to 2026. */
const day = (h: number): DateCell => ({ kind: 'date', serial: 36_526 + (h % 9_600) })

type Maker = readonly [name: string, make: (h: number, row: number) => Cell]
const MIXED: readonly Maker[] = [
  ['id', (h, row) => row * 10 + (h % 10)],
  ['text', text],
  ['amount', (h) => (h % 10_000_000) / 100],
  ['date', day],
  ['flag', (h) => (h % 10 === 0 ? null : (h & 1) === 1)],
]
const ONLY = {
  numbers: ['number', (h) => (h % 4 === 0 ? h % 1000 : (h % 100_000_000) / 1000)],
  text: ['text', text],
  dates: ['date', day],
} satisfies Record<string, Maker>

/** A tab of any size that costs no memory: each cell is computed as it is read, from its place and the gid alone. */
export function syntheticTab({ gid, title, rows, columns, kind, dateColumns = [] }: SyntheticTab): GridTab {
  const makers = Array.from({ length: columns }, (_, column): Maker => {
    if (dateColumns.includes(column)) return ONLY.dates
    return kind === 'mixed' ? (MIXED[column % MIXED.length] ?? ONLY.text) : ONLY[kind]
  })
  return {
    gid,
    title,
    rowCount: rows,
    columnCount: columns,
    frozenRowCount: 1,
    cell(row, column) {
      const maker = makers[column]
      if (maker === undefined || row >= rows) return null
      return row === 0 ? `${maker[0]}_${column + 1}` : maker[1](hash(gid, row, column), row)
    },
  }
}

/** A workbook of synthetic tabs, by default one: `Data`, gid 0. */
export function syntheticWorkbook(
  options: { id: string; title?: string; tabs?: number } & Pick<SyntheticTab, 'rows' | 'columns'> &
    Partial<Pick<SyntheticTab, 'kind' | 'dateColumns'>>,
): Workbook {
  const {
    id,
    title = `Synthetic ${options.rows} × ${options.columns}`,
    tabs = 1,
    rows,
    columns,
    kind = 'mixed',
  } = options
  return {
    id,
    title,
    tabs: Array.from({ length: tabs }, (_, gid) =>
      syntheticTab({
        gid,
        title: tabs === 1 ? 'Data' : `Data ${gid + 1}`,
        rows,
        columns,
        kind,
        ...(options.dateColumns && { dateColumns: options.dateColumns }),
      }),
    ),
  }
}
