import type { FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { AppError, type FieldError } from '../errors.ts'
import { isSyncId } from '../model/sync-id.ts'

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
      return { error: invalid([{ field: 'body', message: 'is missing', hint }]) }
    }
    const result = schema.safeParse(data)
    if (result.success) return { value: result.data }
    return {
      error: invalid(result.error.issues.flatMap((issue) => toFieldErrors(issue, PREFIX[httpPart ?? ''] ?? ''))),
    }
  }
}

/** A path parameter that must be a sync id, checked before anything is made of it. */
export const syncIdParam = z
  .string()
  .refine(isSyncId, 'is not a sync id; one looks like sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01')
  .describe('The id of a sync, as POST /syncs answered it')

/** The path of everything that is of one sync. */
export const syncPath = z.object({ id: syncIdParam })

function invalid(errors: FieldError[]): AppError {
  const fields = errors.map(({ field }) => field).join(', ')
  return new AppError('VALIDATION_FAILED', `The request is not valid: ${fields}.`, {
    errors,
    hint: 'errors[] says what is wrong with each field.',
  })
}

function toFieldErrors(issue: z.core.$ZodIssue, prefix: string): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: clip(prefix + fieldName([...issue.path, key])),
      message: 'is not a known field',
      hint: 'GET /docs lists the fields of this request; remove this one, or mend its name.',
    }))
  }
  const hint: unknown = issue.code === 'custom' ? issue.params?.hint : undefined
  const field = prefix + fieldName(issue.path)
  return [{ field, message: messageOf(issue), hint: typeof hint === 'string' ? hint : undefined }]
}

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined && /received undefined/.test(issue.message)) return 'is required'
      return `must be ${article(issue.expected)}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'invalid_union':
      return unionMessage(issue)
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues[0]?.message ?? issue.message
    default:
      return issue.message
  }
}

/** A union fails in each of its ways; the way that got furthest says most. */
function unionMessage(issue: z.core.$ZodIssueInvalidUnion): string {
  const deeper = issue.errors.flat().find((inner) => inner.code !== 'invalid_type')
  if (deeper !== undefined) return deeper.message
  const expected = issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : []))
  return `must be ${[...new Set(expected)].map(article).join(' or ')}`
}

function article(type: string): string {
  const named = type === 'int' ? 'integer' : type
  return `${/^[aeiou]/.test(named) ? 'an' : 'a'} ${named}`
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
