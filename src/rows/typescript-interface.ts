import { VALUE_KINDS, type ValueKind } from '../model/column-schema.ts'
import { ERROR_VALUES } from '../model/error-values.ts'
import { slugOf } from '../model/slug.ts'
import type { ManifestTab } from '../model/snapshot-manifest.ts'
import { type TabColumn, tabColumns } from './tab-columns.ts'

const TYPES: Readonly<Record<ValueKind, 'string' | 'number' | 'boolean' | 'ErrorValue'>> = {
  text: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  date: 'string',
  time: 'string',
  datetime: 'string',
  duration: 'string',
  error: 'ErrorValue',
}

/**
 * TypeScript for a row of a tab, as it is in JSON and NDJSON: an interface, or a tuple where rows are arrays. It compiles
 * whatever columns are called. Throws SCHEMA_NOT_KEPT where they were not counted.
 */
export function typescriptInterface(tab: ManifestTab): string {
  const columns = tabColumns(tab)
  const types = columns.map(typeOf)
  const lines = types.some((type) => type.includes(TYPES.error))
    ? [`export type ${TYPES.error} = ${ERROR_VALUES.map((error) => `'${error}'`).join(' | ')}`, '']
    : []
  lines.push(comment(`A row of the tab ${quoted(tab.title)}.`))
  const areArrays = tab.columnNames === null
  lines.push(areArrays ? `export type ${nameOf(tab)} = [` : `export interface ${nameOf(tab)} {`)
  for (const [index, column] of columns.entries()) {
    lines.push(`  ${comment(sayOf(column))}`)
    // The letters of a column are a name whatever they are; no word of TypeScript is in capitals.
    lines.push(areArrays ? `  ${column.name}: ${types[index]},` : `  ${keyOf(column.name)}: ${types[index]}`)
  }
  lines.push(areArrays ? ']' : '}')
  return `${lines.join('\n')}\n`
}

function typeOf({ nullable, counts }: TabColumn): string {
  const types = new Set<string>(VALUE_KINDS.filter((kind) => counts[kind] > 0).map((kind) => TYPES[kind]))
  if (types.has('string')) types.delete(TYPES.error)
  if (nullable || types.size === 0) types.add('null')
  return [...types].join(' | ')
}

function sayOf({ type, counts, example }: TabColumn): string {
  const kinds = ([...VALUE_KINDS, 'blank'] as const).filter((kind) => kind !== type && counts[kind] > 0)
  const others = kinds.map((kind) => `, ${counts[kind]} ${kind}`).join('')
  const shown = example === null ? '' : `, such as ${typeof example === 'string' ? quoted(example) : example}`
  return `${type}${others}${shown}`
}

/** A comment that nothing in its text can end. */
function comment(text: string): string {
  return `/** ${text.replaceAll('*/', String.raw`*\/`)} */`
}

/** An interface's name of the plain letters of a title: `Class Data` is `ClassDataRow`. */
function nameOf({ title }: ManifestTab): string {
  const words = slugOf(title, '_').split('_')
  const name = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('')
  return `${/^\d/.test(name) ? 'Tab' : ''}${name}Row`
}

function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

/** A string literal of one line in which nothing is unseen: no line end of Unicode, no mark that turns the text around. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}
