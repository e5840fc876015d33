import { VALUE_KINDS, type ValueKind } from '../model/column-schema.ts'
import { ERROR_VALUES } from '../model/error-values.ts'
import type { ManifestTab } from '../model/snapshot-manifest.ts'
import { type TabColumn, tabColumns } from './tab-columns.ts'

/** A year of four digits, or of six with a sign beyond those (ECMA-262, "Expanded Years"). */
const DAY = String.raw`(?:\d{4}|[+-]\d{6})-\d{2}-\d{2}`
const CLOCK = String.raw`\d{2}:\d{2}(?:\.\d{3})?`

/** What the strings of a kind look like. JSON Schema's `date-time` wants a zone, its `time` too, its `duration` letters. */
const PATTERNS: Partial<Readonly<Record<ValueKind, string>>> = {
  date: DAY,
  datetime: String.raw`${DAY}T\d{2}:${CLOCK}`,
  time: String.raw`\d{2}:${CLOCK}`,
  duration: String.raw`-?\d{2,}:${CLOCK}`,
  error: ERROR_VALUES.map((error) => error.replaceAll(/[/?]/g, String.raw`\$&`)).join('|'),
}

/**
 * A JSON Schema (draft 2020-12) of a row of a tab, as it is in JSON and NDJSON: true of each row that is there. Columns keep
 * their order, which an object of JavaScript would not. Throws SCHEMA_NOT_KEPT where they were not counted.
 */
export function jsonSchema(tab: ManifestTab): string {
  const columns = tabColumns(tab)
  const schemas = columns.map((column) => JSON.stringify(valueSchema(column)))
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: tab.title }
  const count = columns.length
  if (tab.columnNames === null) {
    const items = count === 0 ? [] : [['prefixItems', `[${schemas.join()}]`] as const]
    return text(
      { ...head, type: 'array', minItems: count, maxItems: count, items: count === 0 ? undefined : false },
      items,
    )
  }
  const names = columns.map(({ name }) => JSON.stringify(name))
  return text({ ...head, type: 'object', additionalProperties: false }, [
    ['properties', `{${names.map((name, index) => `${name}:${schemas[index]}`).join()}}`],
    ['required', `[${names.join()}]`],
  ])
}

/** An object of JSON with some members whose text is there already. */
function text(members: object, more: readonly (readonly [name: string, json: string])[]): string {
  const last = more.map(([name, json]) => `,${JSON.stringify(name)}:${json}`)
  return `${JSON.stringify(members).slice(0, -1)}${last.join('')}}\n`
}

function valueSchema({ type, nullable, counts, example, longest }: TabColumn): object {
  const kinds = VALUE_KINDS.filter((kind) => counts[kind] > 0)
  const strings = kinds.filter((kind) => kind === 'text' || PATTERNS[kind] !== undefined)
  const types = [
    ...(strings.length > 0 ? ['string'] : []),
    ...(counts.number > 0 ? ['number'] : counts.integer > 0 ? ['integer'] : []),
    ...(counts.boolean > 0 ? ['boolean'] : []),
    ...(nullable || kinds.length === 0 ? ['null'] : []),
  ]
  // Dates of years past 9999 are longer, and no `date` (RFC 3339, section 5.6).
  const isDay = type === 'date' && strings.length === 1 && longest === '2024-01-31'.length
  const pattern = strings.map((kind) => PATTERNS[kind]).join('|')
  return {
    type: types.length === 1 ? types[0] : types,
    ...(strings.length > 0 && counts.text === 0 && { pattern: `^(?:${pattern})$` }),
    ...(isDay && { format: 'date' }),
    ...(example !== null && { examples: [example] }),
  }
}
