import { type CellValue, type DateCell, formatDate, type ShownCell } from './cells.ts'

/** Google's `ValueRenderOption` and `DateTimeRenderOption`. */
export type ValueRender = 'FORMATTED_VALUE' | 'UNFORMATTED_VALUE' | 'FORMULA'
export type DateRender = 'SERIAL_NUMBER' | 'FORMATTED_STRING'

/** A cell as JSON text; `undefined` for a blank one. */
export type Render = (cell: ShownCell) => string | undefined

/** The sign between whole and fraction in a locale such as `fr_FR`. */
function decimalSign(locale: string): string {
  try {
    const parts = new Intl.NumberFormat(locale.replace('_', '-')).formatToParts(0.5)
    return parts.find((part) => part.type === 'decimal')?.value ?? '.'
  } catch {
    return '.'
  }
}

/** A number in the automatic format: ten significant digits, no grouping. */
function formatNumber(value: number, sign: string): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value)
  const size = Math.abs(value)
  if (size >= 1e15 || (size < 1e-5 && size > 0)) {
    return value
      .toExponential(5)
      .replace(/\.?0+e/, 'e')
      .replace('e', 'E')
      .replace(/E([+-])(\d)$/, 'E$10$2')
      .replace('.', sign)
  }
  return String(Number(value.toPrecision(10))).replace('.', sign)
}

/**
 * Makes the function that writes cells for one answer. Google's rules: FORMATTED_VALUE makes every value the text that
 * the spreadsheet shows and ignores the date option; UNFORMATTED_VALUE and FORMULA keep numbers and booleans, and give a
 * date as a serial number or, on request, as the text it shows.
 */
export function renderer(values: ValueRender, dates: DateRender, locale: string): Render {
  const sign = decimalSign(locale)
  const calendar = (cell: DateCell) =>
    values !== 'FORMATTED_VALUE' && dates === 'SERIAL_NUMBER' ? String(cell.serial) : JSON.stringify(formatDate(cell))
  const plain = (value: CellValue): string | undefined => {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value)
      case 'number':
        return values === 'FORMATTED_VALUE' ? `"${formatNumber(value, sign)}"` : String(value)
      case 'boolean':
        if (values !== 'FORMATTED_VALUE') return value ? 'true' : 'false'
        return value ? '"TRUE"' : '"FALSE"'
    }
    if (value === null) return undefined
    if (value.kind !== 'error') return calendar(value)
    return JSON.stringify(values === 'FORMULA' ? (value.formula ?? value.code) : value.code)
  }
  return (cell) => {
    if (typeof cell !== 'object' || cell === null || cell.kind !== 'formula') return plain(cell)
    return values === 'FORMULA' ? JSON.stringify(cell.formula) : (plain(cell.value) ?? '""')
  }
}
