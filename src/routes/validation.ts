import type { FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import type { FieldError } from '../errors.ts'
import { invalidRequest } from '../model/invalid-request.ts'
import { parseSpreadsheetReference } from '../model/spreadsheet-reference.ts'
import { isSyncId } from '../model/sync-id.ts'
import { isScheduleId } from '../schedules/schedule-id.ts'

/** Where a request part's field names begin, so that a header and a body field of one name are distinguished. */
const PREFIX: Readonly<Record<string, string>> = { headers: 'header ' }

const unchecked = new WeakSet<z.ZodType>()

/** Marks a request part that the document describes and nothing checks. */
export function documentOnly<S extends z.ZodType>(schema: S): S {
  unchecked.add(schema)
  return schema
}

/** Checks each part of a request against its zod schema and answers with every field at fault, not just the first. */
export const validateRequest: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  // Without a function Fastify does not read that part of a request; its types do not say so.
  if (unchecked.has(schema)) return undefined as unknown as ReturnType<FastifySchemaCompiler<z.ZodType>>
  return (data) => {
    // Every poll passes here. zod is asked only to say what is wrong.
    if (schema === syncPath && isSyncId(data.id)) return { value: data }
    if (httpPart === 'body' && (data === undefined || data === null)) {
      const hint = 'Send a JSON object with the header "Content-Type: application/json".'
      if (schema.safeParse(undefined).success) return { value: undefined }
      return { error: invalidRequest([{ field: 'body', message: 'is missing', hint }]) }
    }
    const result = schema.safeParse(data)
    if (result.success) return { value: result.data }
    const part = { schema, data, prefix: PREFIX[httpPart ?? ''] ?? '', isQuery: httpPart === 'querystring' }
    return {
      error: invalidRequest(result.error.issues.flatMap((issue) => toFieldErrors(issue, part))),
    }
  }
}

/** The body as the schema has it; throws VALIDATION_FAILED for one that is not valid, naming every field at fault. */
export function checkBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const checked = validateRequest({ schema, httpPart: 'body', method: '', url: '' })(body) as
    | { readonly value: z.output<S> }
    | { readonly error: Error }
  if ('error' in checked) throw checked.error
  return checked.value
}

/** How many a page of a list has at the most. */
export const pageSizeParam = z
  .string()
  .regex(/^\d{1,4}$/, 'must be a whole number from 1 to 1000')
  .transform(Number)
  .refine((size) => size >= 1 && size <= 1000, 'must be a whole number from 1 to 1000')
  .default(50)

/** Where a page of a list begins. */
export const pageTokenParam = z
  .string()
  .max(600, 'is longer than any page token')
  .optional()
  .describe('nextPageToken of the page before')

/** A spreadsheet that a list is asked for by its id or any of its URLs; becomes its id. */
export const spreadsheetParam = z
  .string()
  .max(2048, 'is longer than 2,048 characters')
  .transform((text, context) => {
    const reference = parseSpreadsheetReference(text)
    if (!('message' in reference)) return reference.id
    context.addIssue({ code: 'custom', message: reference.message, params: { hint: reference.hint } })
    return z.NEVER
  })
  .optional()

/** What must be a schedule id, checked before anything is made of it. */
export const scheduleIdParam = z
  .string()
  .refine(isScheduleId, 'is not a schedule id; one looks like schedule-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01')

/** A path parameter that must be a sync id, checked before anything is made of it. */
export const syncIdParam = z
  .string()
  .refine(isSyncId, 'is not a sync id; one looks like sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01')
  .describe('The id of a sync, as POST /syncs answered it')

/** The path of everything that is of one sync. */
export const syncPath = z.object({ id: syncIdParam })

/** A part of a request as it came, and what it should have been. */
interface Part {
  readonly schema: z.ZodType
  readonly data: unknown
  readonly prefix: string
  readonly isQuery: boolean
}

function toFieldErrors(issue: z.core.$ZodIssue, part: Part): FieldError[] {
  const { schema, data, prefix, isQuery } = part
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, issue.path)
    return issue.keys.map((key) => {
      const meant = known.find((name) => isLike(name, key))
      const message = `is not a known field${meant === undefined ? '' : ` (${meant} is)`}`
      const hint = `Known here: ${known.join(', ')}. GET /docs describes them.`
      return { field: clip(prefix + fieldName([...issue.path, key])), message, hint }
    })
  }
  const way = issue.code === 'invalid_union' ? wayMeant(issue) : undefined
  if (way !== undefined) {
    return way.flatMap((inner) => toFieldErrors({ ...inner, path: [...issue.path, ...inner.path] }, part))
  }
  const hint: unknown = issue.code === 'custom' ? issue.params?.hint : undefined
  const message = messageOf(issue, valueAt(data, issue.path), isQuery)
  return [{ field: clip(prefix + fieldName(issue.path)), message, ...(typeof hint === 'string' ? { hint } : {}) }]
}

/** What is wrong with the only way of a union whose type is that of the value: field by field, it says most. */
function wayMeant({ errors }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const isOther = ({ code, path }: z.core.$ZodIssue) => path.length === 0 && /^invalid_(?:type|value)$/.test(code)
  const [way, ...others] = errors.filter((issues) => !issues.some(isOther))
  return others.length === 0 ? way : undefined
}

function messageOf(issue: z.core.$ZodIssue, value: unknown, isQuery = false): string {
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return 'is missing'
      if (isQuery && Array.isArray(value)) return 'is given more than once'
      return `must be ${NAMES[issue.expected] ?? `a ${issue.expected}`}`
    case 'invalid_value':
      return `must be ${alternatives(issue.values.map(String))}`
    case 'invalid_union':
      return unionMessage(issue, value)
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues[0]?.message ?? issue.message
    default:
      return issue.message
  }
}

/** What JSON calls the types of zod. */
const NAMES: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'true or false',
  int: 'a whole number',
  object: 'an object',
  record: 'an object',
}

function alternatives(values: readonly string[]): string {
  return [values.slice(0, -1).join(', '), ...values.slice(-1)].filter((part) => part !== '').join(' or ')
}

/** A union fails in each of its ways; the one whose type is right says most, and without one it is what the union says. */
function unionMessage(issue: z.core.$ZodIssueInvalidUnion, value: unknown): string {
  const inner = issue.errors.flat()
  const near = inner.find((one) => one.code !== 'invalid_type' || (one.expected === 'int' && typeof value === 'number'))
  return near === undefined ? issue.message : messageOf(near, value)
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key],
    data,
  )
}

/** The names that an object of the schema may have there. */
function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return fieldsAt(schema.def.innerType, path)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => fieldsAt(option, path))
  const [key, ...rest] = path
  if (schema instanceof z.ZodArray) return key === undefined ? [] : fieldsAt(schema.element, rest)
  if (!(schema instanceof z.ZodObject)) return []
  if (key === undefined) return Object.keys(schema.shape)
  const inner = schema.shape[String(key)]
  return inner === undefined ? [] : fieldsAt(inner, rest)
}

/** Whether somebody who writes the one may mean the other: `Tabs`, `format`, `spreadsheetId`. */
function isLike(name: string, written: string): boolean {
  const [one, other] = [name.toLowerCase(), written.toLowerCase()]
  return written.length > 2 && (one.startsWith(other) || other.startsWith(one))
}

function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body'
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`
    return name === '' ? String(key) : `${name}.${String(key)}`
  }, '')
}

/** What a caller has sent is repeated to them, but never at any length. */
export function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`
}

/** A whole number in a query string. */
export function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most.toLocaleString('en')}`
  return z
    .string()
    .regex(/^\d{1,8}$/, message)
    .transform(Number)
    .refine((number) => number >= least && number <= most, message)
}
