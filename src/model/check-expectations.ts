import { AppError, type FieldError } from '../errors.ts'
import { type ColumnTally, type ColumnType, columnType, EMPTY_TALLY, isOfType, VALUE_KINDS } from './column-schema.ts'
import type { Expectation } from './expectation.ts'
import { findTab } from './find-tab.ts'
import { listed, quoted, quotedTab } from './quoted-names.ts'
import type { ManifestTab, SnapshotManifest } from './snapshot-manifest.ts'
import type { SyncWarning } from './sync.ts'
import { LOADING_CELLS, named, warningAbout } from './sync-warning.ts'

/** Faults that are told at most, and those of them that the detail names. */
const TOLD = 100
const NAMED = 3

/** A tab of a snapshot, or a range of one. */
export interface CandidateTab extends ManifestTab {
  /** The place of each column by its name, which is its letter where no header names it. */
  readonly places: ReadonlyMap<string, number>
}

/** A snapshot that is published only if it is as expected. */
export interface Candidate extends Pick<SnapshotManifest, 'request' | 'warnings'> {
  readonly tabs: readonly CandidateTab[]
}

/** What came of checking: what is not as expected, and what nobody could check. */
export interface CheckedExpectations {
  /** Of fields of the normalized request, such as `expect[0].minRows`, each once for a tab; the first 100. */
  readonly faults: readonly FieldError[]
  readonly warnings: readonly SyncWarning[]
}

/**
 * Checks a snapshot against expectations. `earlier`: those that its rows would take the place of, newest first; without
 * `minRowsRatio` they have no say.
 */
export function checkExpectations(
  expect: readonly Expectation[],
  candidate: Candidate,
  earlier: readonly SnapshotManifest[],
): CheckedExpectations {
  const unchecked = new Set<CandidateTab>()
  const facts = { rowsBefore: indexRows(earlier, candidate.request), loading: countLoading(candidate) }
  const faults = [...allFaults(expect, candidate, facts, unchecked).take(TOLD)]
  const matter = 'no earlier rows to check minRowsRatio by'
  return { faults, warnings: [...unchecked].map((tab) => warningAbout(about(tab), 'EXPECTATION_UNCHECKED', 1, matter)) }
}

/** The failure of a sync whose rows are not what was expected. */
export function expectationFailed(faults: readonly FieldError[]): AppError {
  const messages = faults.slice(0, NAMED).map(({ message }) => message)
  const left = faults.length - NAMED
  const more = left <= 0 ? '' : `; and ${faults.length === TOLD ? 'many' : left} more`
  const hint = faults.every(({ field }) => /^expect\[\d+\]\.loading$/.test(field))
    ? 'Nothing was published: the rows of earlier snapshots stay. Retry the sync in some minutes, when the cells may have loaded, or allow them by "loading": "allow".'
    : undefined
  return new AppError('EXPECTATION_FAILED', `${messages.join('; ')}${more}.`, { errors: faults, hint })
}

/** Adds to `unchecked` the tabs that have no earlier rows to be compared with. */
function* allFaults(
  expect: readonly Expectation[],
  candidate: Candidate,
  { rowsBefore, loading }: Facts,
  unchecked: Set<CandidateTab>,
): Generator<FieldError> {
  for (const [index, expectation] of expect.entries()) {
    const tabs = tabsOf(candidate.tabs, expectation)
    const fault = (field: string, message: string) => ({ field: `expect[${index}].${field}`, message })
    if (tabs.length === 0) yield fault('tab', missingTab(expectation, candidate.tabs))
    const isCompared = expectation.minRowsRatio !== null
    const wanted = { ...expectation, types: Object.entries(expectation.types) }
    for (const tab of tabs) {
      const before = isCompared ? findRows(rowsBefore, tab) : undefined
      if (isCompared && before === undefined) unchecked.add(tab)
      for (const [field, matter] of faultsOfTab(wanted, tab, before))
        yield fault(field, `${named(about(tab))}: ${matter}`)
    }
    if (expectation.loading === 'allow') continue
    for (const title of new Set(tabs.map((tab) => tab.title))) {
      const count = loading.get(title)
      if (count !== undefined) yield fault('loading', stillLoading(title, count))
    }
  }
}

function tabsOf(tabs: readonly CandidateTab[], { tab: selector }: Expectation): readonly CandidateTab[] {
  if (selector === null) return tabs
  const gid = findTab(tabs, selector)?.gid
  return tabs.filter((tab) => tab.gid === gid)
}

function missingTab({ tab }: Expectation, tabs: readonly CandidateTab[]): string {
  if (tab === null) return 'Tabs: expected one at least to be downloaded, found none'
  const found = tabs.length === 0 ? 'none' : `only ${listed([...new Set(tabs.map(({ title }) => title))])}`
  return `Tab ${quotedTab(tab)}: expected to be downloaded, found ${found}`
}

/** What is looked up for each tab. */
interface Facts {
  readonly rowsBefore: ReadonlyMap<string, RowsBefore>
  /** Cells that say `Loading...`, by the title of their tab: of several ranges of it nobody knows whose they are. */
  readonly loading: ReadonlyMap<string, number>
}

interface RowsBefore {
  readonly rows: number
  readonly publishedAt: string
}

/** The rows of the newest snapshots below the same header row, by what finds them. */
function indexRows(earlier: readonly SnapshotManifest[], { headerRow }: Candidate['request']): Facts['rowsBefore'] {
  const index = new Map<string, RowsBefore>()
  for (const { request, tabs, publishedAt } of earlier) {
    if (request.headerRow !== headerRow) continue
    for (const tab of tabs) {
      for (const key of keysOf(tab)) if (!index.has(key)) index.set(key, { rows: tab.rows, publishedAt })
    }
  }
  return index
}

/** What finds the same tab, or range of it, in other snapshots: its gid or, where none has that, its title. */
function keysOf({ gid, title, range }: ManifestTab): string[] {
  return [JSON.stringify([gid, range]), JSON.stringify([title, range])]
}

function findRows(rowsBefore: Facts['rowsBefore'], tab: ManifestTab): RowsBefore | undefined {
  return keysOf(tab)
    .map((key) => rowsBefore.get(key))
    .find((rows) => rows !== undefined)
}

function countLoading({ warnings }: Candidate): Facts['loading'] {
  const counts = new Map<string, number>()
  for (const { code, tab, count } of warnings) {
    if (code === LOADING_CELLS && tab !== null) counts.set(tab, (counts.get(tab) ?? 0) + count)
  }
  return counts
}

function stillLoading(tab: string, count: number): string {
  const cells = count === 1 ? '1 cell' : `${count} cells`
  return `${named({ tab })}: expected all cells to have loaded, found Loading... in ${cells}`
}

type Fault = readonly [field: string, matter: string]

/** An expectation of many tabs, whose types are listed once. */
interface WantedOfTab extends Pick<Expectation, 'columns' | 'minRows' | 'minRowsRatio'> {
  readonly types: readonly (readonly [column: string, wanted: Expectation['types'][string]])[]
}

function* faultsOfTab(expectation: WantedOfTab, tab: CandidateTab, before: RowsBefore | undefined): Generator<Fault> {
  const { minRows, minRowsRatio } = expectation
  const missing = new Set(expectation.columns.filter((column) => !tab.places.has(column)))
  if (missing.size > 0) yield ['columns', `expected ${columns([...missing])}, found ${columns([...tab.places.keys()])}`]
  if (tab.rows < minRows) yield ['minRows', `expected at least ${rows(minRows)}, found ${tab.rows}`]
  // The quotient, not the product: 0.55 × 100 is more than 55.
  if (minRowsRatio !== null && before !== undefined && tab.rows / before.rows < minRowsRatio) {
    const of = `the ${rows(before.rows)} of the snapshot of ${before.publishedAt}`
    yield ['minRowsRatio', `expected at least ${minRowsRatio} of ${of}, found ${tab.rows}`]
  }
  for (const [column, wanted] of expectation.types) {
    if (missing.has(column)) continue
    const found = typeFault(tab, column, wanted)
    if (found === undefined) continue
    yield [
      `types.${column.slice(0, 100)}`,
      `expected ${wanted.join(' or ')} in column ${quoted(column)}, found ${found}`,
    ]
  }
}

/** The types of columns that were checked before: fifty expectations may be of the same ones. */
const types = new WeakMap<ColumnTally, ColumnType>()

/** What a column holds instead of the types that are wanted. */
function typeFault(tab: CandidateTab, column: string, wanted: Expectation['types'][string]): string | undefined {
  const index = tab.places.get(column)
  if (index === undefined) return 'no such column'
  if (tab.tallies === null) return 'more columns than can be counted'
  const tally = tab.tallies[index] ?? EMPTY_TALLY
  const { values } = tally
  const type = types.get(tally) ?? columnType(values)
  types.set(tally, type)
  if (wanted.some((one) => isOfType(type, one))) return undefined
  const held = VALUE_KINDS.flatMap((kind) => (values[kind] === undefined ? [] : `${values[kind]} ${kind}`))
  return held.length === 0 ? type : `${type} (${held.join(', ')})`
}

function about({ title, range }: CandidateTab) {
  return { tab: title, range }
}

function rows(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`
}

function columns(names: readonly string[]): string {
  if (names.length === 0) return 'no columns'
  return `${names.length === 1 ? 'column' : 'columns'} ${listed(names)}`
}
