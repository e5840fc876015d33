import {
  DuckDBArrayValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionValue,
  type DuckDBValue,
  type DuckDBVector,
} from '@duckdb/node-api'
import { csvField } from '../../snapshots/formats/csv-rows.ts'

/** Writes one row of a chunk: an object, or a line of CSV. Row by row, as cells may be large. */
export type RowText = (vectors: readonly DuckDBVector[], row: number) => string

/** Writes rows as objects. */
export function jsonRowText(names: readonly string[]): RowText {
  const keys = names.map((name, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  return (vectors, row) => {
    let text = ''
    for (const [column, vector] of vectors.entries()) {
      text += `${keys[column]}${jsonText(vector.getItem(row), vector.type)}`
    }
    return `${text}}`
  }
}

/** Writes rows as lines of CSV, as the files of a snapshot have them. */
export function csvRowText(injection: 'escape' | 'raw'): RowText {
  const options = { injection, bom: false, numbersAreText: false }
  return (vectors, row) => {
    const fields = vectors.map((vector) => {
      const text = plainText(vector.getItem(row), vector.type)
      return NUMERIC.has(vector.type.typeId) ? text : csvField(text, options)
    })
    const line = fields.join(',')
    return `${line === '' ? '""' : line}\r\n`
  }
}

/** A value as JSON (`null` where it is blank): as the rows of a snapshot have it where they have such, else as DuckDB writes it as text. */
export function jsonText(value: DuckDBValue, type: DuckDBType): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return String(value)
    case 'number':
      // JSON has no other numbers (RFC 8259, section 6).
      return Number.isFinite(value) ? String(value) : JSON.stringify(String(value))
    case 'string':
      return JSON.stringify(value)
    default:
      return nestedText(value, type)
  }
}

function nestedText(value: DuckDBValue & object, type: DuckDBType): string {
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    const itemType = 'valueType' in type ? (type.valueType as DuckDBType) : type
    return `[${value.items.map((item) => jsonText(item, itemType)).join(',')}]`
  }
  if (value instanceof DuckDBStructValue) {
    return `{${Object.entries(value.entries)
      .map(([name, field]) => `${JSON.stringify(name)}:${jsonText(field, type)}`)
      .join(',')}}`
  }
  if (value instanceof DuckDBMapValue) {
    return `[${value.entries
      .map(({ key, value: held }) => `{"key":${jsonText(key, type)},"value":${jsonText(held, type)}}`)
      .join(',')}]`
  }
  if (value instanceof DuckDBUnionValue) return jsonText(value.value, type)
  const text = plainText(value, type)
  return type.typeId === DuckDBTypeId.DECIMAL ? text : JSON.stringify(text)
}

/** A value as text. */
function plainText(value: DuckDBValue, type: DuckDBType): string {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (
    value instanceof DuckDBListValue ||
    value instanceof DuckDBArrayValue ||
    value instanceof DuckDBStructValue ||
    value instanceof DuckDBMapValue
  ) {
    return nestedText(value, type)
  }
  const text = String(value)
  switch (type.typeId) {
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
      return withoutTrailingZeros(text.replace(' ', 'T'))
    case DuckDBTypeId.TIMESTAMP_TZ:
      return text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')
    case DuckDBTypeId.TIME:
      return withoutTrailingZeros(text)
    default:
      return text
  }
}

/** As the rows of a snapshot have fractions of a second. */
function withoutTrailingZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

const NUMERIC = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
])
