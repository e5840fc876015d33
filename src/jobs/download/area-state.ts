import { type ColumnNames, nameColumns } from '../../blocks/column-names.ts'
import { columnCount } from '../../model/rectangle.ts'
import { unwrittenArea, type WrittenArea } from '../../model/written-area.ts'
import type { Area } from '../../ports/sheet-source.ts'
import { limitTallies, tallyBytes } from './tally-limit.ts'

/** An area on its way. */
export interface AreaState {
  readonly area: Area
  written: WrittenArea
  /** Rows that have arrived and are not written yet. */
  arrived: number
  /** Bytes of what was counted of its columns. */
  tallyBytes: number
  /** The names of its columns, once its header is known. */
  names: ColumnNames | undefined
}

/** An area of which so much is written. */
export function areaState(area: Area, written: WrittenArea = unwrittenArea(area.rectangle.startRow)): AreaState {
  return { area, written, arrived: 0, tallyBytes: tallyBytes(written.tallies), names: namesOf(area, written) }
}

/** Keeps that more of an area, one of these of a sync, is written. */
export function advance(state: AreaState, written: WrittenArea, states: readonly AreaState[]): void {
  const besides = states.reduce((sum, other) => sum + (other === state ? 0 : other.tallyBytes), 0)
  const tallies = limitTallies(written.tallies, besides)
  state.arrived = Math.max(0, state.arrived - (written.nextRow - state.written.nextRow))
  state.written = { ...written, tallies }
  state.tallyBytes = tallyBytes(tallies)
  state.names ??= namesOf(state.area, written)
}

function namesOf({ rectangle }: Area, { header }: WrittenArea): ColumnNames | undefined {
  return header === null ? undefined : nameColumns(header, rectangle.startColumn, columnCount(rectangle))
}
