import { PROBLEM_MEDIA_TYPE } from './media-types.ts'
import { GOOD_ANSWERS, PARAMETERS, problemExamples, ROWS } from './openapi-examples.ts'

interface Media {
  readonly schema: object
  examples?: Record<string, { value: unknown }>
}
interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema?: { readonly example?: unknown }
  example?: unknown
}
interface Answer {
  readonly description: string
  content?: Record<string, Media>
}
interface Operation {
  readonly operationId: string
  readonly parameters?: Parameter[]
  readonly responses: Record<string, Answer>
}

/** Adds to each operation what no schema says: examples of its parameters and answers. */
export function addDetails<D extends object>(document: D): D {
  const { paths = {} } = document as { paths?: Record<string, Record<string, Operation>> }
  const operations = Object.values(paths).flatMap((methods) => Object.entries(methods))
  for (const [method, operation] of operations) {
    for (const [status, description] of refusedEarly(method)) {
      operation.responses[status] ??= { description, content: problemContent() }
    }
    for (const parameter of operation.parameters ?? []) describeParameter(parameter)
    for (const [status, answer] of Object.entries(operation.responses)) {
      for (const [type, media] of Object.entries(answer.content ?? {})) {
        const examples = examplesOf(operation.operationId, status, type)
        if (examples !== undefined) media.examples = named(examples)
      }
    }
  }
  return document
}

/** What is refused before a route has a say, and is therefore in no route's schema. */
function refusedEarly(method: string): [status: number, description: string][] {
  const headers: [number, string] = [431, 'The headers are too large']
  if (method === 'get') return [headers]
  return [[413, 'The body is too large'], [415, 'The body is not JSON'], headers]
}

function problemContent(): Record<string, Media> {
  return { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } }
}

function describeParameter(parameter: Parameter): void {
  const value = PARAMETERS[parameter.name]
  if (parameter.schema?.example === undefined && parameter.example === undefined && value !== undefined) {
    parameter.example = value
  }
}

function examplesOf(operationId: string, status: string, type: string): Readonly<Record<string, unknown>> | undefined {
  if (type === PROBLEM_MEDIA_TYPE) return problemExamples(operationId, Number(status))
  const bytes = ROWS[type]
  return GOOD_ANSWERS[`${operationId} ${status}`] ?? (bytes === undefined ? undefined : { rows: bytes })
}

function named(examples: Readonly<Record<string, unknown>>): Record<string, { value: unknown }> {
  return Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]))
}
