import fc from 'fast-check'
import {
  date,
  dateTime,
  duration,
  error,
  formula,
  tabFromRows,
  time,
  type Writable,
} from '../../../emulator/workbook.ts'
import type { ColumnTally, ValueKind } from '../../../src/model/column-schema.ts'
import { isErrorValue } from '../../../src/model/error-values.ts'
import type { SyncRequestInput } from '../../../src/model/sync-request.ts'

/** A cell as it is put into a workbook, and what must come out of it, by the two ways to show dates. */
export interface Sample {
  readonly put: Writable
  readonly iso: string | number | boolean | null
  readonly serial: string | number | boolean | null
}

const two = (n: number) => String(n).padStart(2, '0')
const same = (value: string | number | boolean): Sample => ({ put: value, iso: value, serial: value })
const BLANK: Sample = { put: null, iso: null, serial: null }

const day = fc
  .tuple(fc.integer({ min: 1900, max: 2199 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([year, month, of]) => `${year}-${two(month)}-${two(of)}`)
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.constantFrom('', '', '', '.250', '.001', '.999'))
  .map(([hour, minute, second, ms]) => `${two(hour)}:${two(minute)}:${two(second)}${ms}`)
const pattern = fc.constantFrom(undefined, 'd mmm yyyy', 'mmmm', 'dddd h:mm am/pm', 'h:mm:ss')
const elapsed = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.nat(900),
    fc.nat(59),
    fc.nat(59),
    fc.constantFrom('[h]:mm', '[hh]:mm:ss', '[m]:ss'),
  )
  .map(([sign, hours, minutes, seconds, shown]) => ({
    text: `${hours + minutes + seconds === 0 ? '' : sign}${two(hours)}:${two(minutes)}:${two(seconds)}`,
    shown,
  }))

/** What a day and a time must come out as, by the pattern that shows them; a clock alone has no pattern of a day. */
function isoOf(on: string, at: string, shown: string | undefined, kind: 'date' | 'time' | 'dateTime'): string {
  if (shown === 'h:mm:ss' || (shown === undefined && kind === 'time')) return at
  const isDay = shown === undefined ? kind === 'date' : !shown.includes('h')
  return isDay && at === '00:00:00' ? on : `${on}T${at}`
}

const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }) },
  {
    weight: 3,
    arbitrary: fc.string({
      unit: fc.constantFrom('"', "'", ',', ';', '\r', '\n', '\t', ' ', '=', '＝', '\ufeff', '\\', 'é', '🌵', 'a'),
      minLength: 1,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '=1+1',
      '+1',
      '-1',
      '@x',
      '2024-01-31',
      '45322',
      'TRUE',
      '\u2028',
      '\u0000',
      '\u007f',
      '﻿x',
    ),
  },
)
const long = fc
  .tuple(fc.constantFrom('x', '"', '🌵', 'é\n'), fc.nat(49_999))
  .map(([unit, n]) => same(unit.repeat(n + 1).slice(0, 50_000)))
const number = fc.oneof(
  fc.integer({ min: -50_000, max: 50_000 }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
  fc.constantFrom(0, 1, -1, 0.5, 45_322, 45_322.5, 1e21, 1e-7, 2 ** 53 + 2, 123_456_789_012_345_680),
)

const sample: fc.Arbitrary<Sample> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(BLANK) },
  { weight: 8, arbitrary: text.map(same) },
  { weight: 6, arbitrary: number.map(same) },
  { weight: 3, arbitrary: fc.boolean().map(same) },
  {
    weight: 3,
    arbitrary: fc.tuple(day, pattern).map(([iso, shown]) => {
      const put = date(iso, shown)
      return { put, iso: isoOf(iso, '00:00:00', shown, 'date'), serial: put.serial }
    }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(clock, pattern).map(([iso, shown]) => {
      const put = time(iso, shown)
      return { put, iso: isoOf('1899-12-30', iso, shown, 'time'), serial: put.serial }
    }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(day, clock, pattern).map(([on, at, shown]) => {
      const put = dateTime(`${on}T${at}`, shown)
      return { put, iso: isoOf(on, at, shown, 'dateTime'), serial: put.serial }
    }),
  },
  {
    weight: 2,
    arbitrary: elapsed.map(({ text, shown }) => {
      const put = duration(text, shown)
      return { put, iso: text, serial: put.serial }
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('#REF!', '#N/A', '#DIV/0!').map((code) => ({ ...same(code), put: error(code) })),
  },
  { weight: 1, arbitrary: fc.constant({ ...BLANK, put: formula('=""', '') }) },
  { weight: 1, arbitrary: fc.integer().map((n) => ({ ...same(n), put: formula(`=${n}`, n) })) },
)

/** Grids of one kind a column, as people make them, and grids of anything anywhere. */
const rows = fc.oneof(
  fc.array(fc.array(sample, { maxLength: 6 }), { maxLength: 14 }),
  fc
    .tuple(fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 5 }), fc.nat(30))
    .chain(([names, height]) =>
      fc
        .array(fc.tuple(...names.map(() => sample)), { minLength: height, maxLength: height })
        .map((body) => [names.map((name) => (name === '' ? BLANK : same(name))), ...body]),
    ),
)

export interface Grid {
  readonly rows: readonly (readonly Sample[])[]
  readonly moreRows: number
  readonly moreColumns: number
}

export const grid: fc.Arbitrary<Grid> = fc.record({
  rows: fc.oneof(
    { weight: 30, arbitrary: rows },
    { weight: 1, arbitrary: fc.tuple(rows, long).map(([some, cell]) => [...some, [BLANK, cell]]) },
  ),
  moreRows: fc.oneof(fc.constant(0), fc.nat(20)),
  moreColumns: fc.oneof(fc.constant(0), fc.nat(3)),
})

export const request = fc.record({
  headerRow: fc.oneof(
    { weight: 4, arbitrary: fc.constant(1) },
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat(5) },
  ),
  dates: fc.constantFrom('iso', 'iso', 'iso', 'serial'),
  csv: fc.record({ injection: fc.constantFrom('escape', 'raw'), bom: fc.boolean() }),
}) satisfies fc.Arbitrary<Partial<SyncRequestInput>>

export function tabOf(gid: number, title: string, { rows, moreRows, moreColumns }: Grid) {
  const widest = rows.reduce((width, row) => Math.max(width, row.length), 1)
  return tabFromRows(
    gid,
    title,
    rows.map((row) => row.map(({ put }) => put)),
    { rowCount: Math.max(rows.length, 1) + moreRows, columnCount: widest + moreColumns },
  )
}

export interface Expected {
  readonly names: readonly string[] | null
  /** Rows as arrays, all of them as wide as the widest. */
  readonly rows: readonly (readonly (string | number | boolean | null)[])[]
  readonly width: number
  /** Headers with blanks around them that are not in the names. */
  readonly trimmed: number
  /** What the cells of each column are. */
  readonly tallies: readonly ColumnTally[]
}

const UNSEEN = String.raw`[\s\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]+`
const UNSEEN_AROUND = new RegExp(`^${UNSEEN}|${UNSEEN}$`, 'g')

/** What a grid must come out as: said again in the plainest way, all of it in memory at once. */
export function expected({ rows, moreRows }: Grid, headerRow: number, dates: 'iso' | 'serial'): Expected {
  const values = rows.map((row) => withoutBlankEnd(row.map((cell) => cell[dates])))
  const inGrid = Math.max(rows.length, 1) + moreRows
  const data = values.slice(headerRow)
  const cells = rows.slice(headerRow)
  while (data.length > 0 && data.at(-1)?.length === 0) data.pop()
  if (headerRow === 0) {
    const width = Math.max(0, ...data.map((row) => row.length))
    return { names: null, rows: padded(data, width), width, trimmed: 0, tallies: talliesOf(cells, width, dates) }
  }
  const texts = headerRow > inGrid ? [] : (values[headerRow - 1] ?? []).map(headerText)
  const header = texts.map((text) => text.replace(UNSEEN_AROUND, ''))
  const width = Math.max(header.length, ...data.map((row) => row.length))
  const taken = new Set<string>()
  const names = Array.from({ length: width }, (_, column) => {
    const own = header[column] ?? ''
    const wish = own === '' ? String.fromCharCode(65 + column) : own
    let name = wish
    const isTaken = () => taken.has(name) || (header.includes(name) && (own === '' || name !== own))
    for (let number = 2; isTaken(); number += 1) name = `${wish}_${number}`
    taken.add(name)
    return name
  })
  const trimmed = header.filter((text, column) => text !== '' && text !== texts[column]).length
  return { names, rows: padded(data, width), width, trimmed, tallies: talliesOf(cells, width, dates) }
}

/** Counts cell by cell what each is, with all of them in memory. */
function talliesOf(rows: readonly (readonly Sample[])[], width: number, dates: 'iso' | 'serial'): ColumnTally[] {
  return Array.from({ length: width }, (_, column) => {
    const cells = rows.flatMap((row) => row[column] ?? []).filter((cell) => cell[dates] !== null)
    const values: ColumnTally['values'] = {}
    for (const cell of cells) {
      const kind = kindOf(cell, dates)
      values[kind] = (values[kind] ?? 0) + 1
    }
    const lengths = cells.map((cell) => (typeof cell[dates] === 'string' ? [...cell[dates]].length : 0))
    const shown = cells.find((cell) => kindOf(cell, dates) !== 'error')?.[dates] ?? null
    const characters = typeof shown === 'string' ? [...shown] : []
    const example = characters.length > 100 ? `${characters.slice(0, 99).join('')}…` : shown
    return { values, longest: Math.max(0, ...lengths), example }
  })
}

function kindOf({ put, ...shown }: Sample, dates: 'iso' | 'serial'): ValueKind {
  const value = shown[dates]
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number'
  if (isErrorValue(String(value))) return 'error'
  if (typeof put !== 'object' || put === null || !('serial' in put)) return 'text'
  const [hours = ''] = String(value).split(':')
  if (/T/.test(hours)) return 'datetime'
  if (/^.+-/.test(hours)) return 'date'
  return /^\d\d$/.test(hours) && Number(hours) < 24 ? 'time' : 'duration'
}

function padded<T>(rows: readonly (readonly (T | null)[])[], width: number): (T | null)[][] {
  return rows.map((row) => Array.from({ length: width }, (_, column) => row[column] ?? null))
}

function withoutBlankEnd<T>(row: (T | null)[]): (T | null)[] {
  const end = row.findLastIndex((cell) => cell !== null) + 1
  return row.slice(0, end)
}

function headerText(cell: string | number | boolean | null): string {
  if (cell === null) return ''
  return typeof cell === 'boolean' ? String(cell).toUpperCase() : String(cell)
}
