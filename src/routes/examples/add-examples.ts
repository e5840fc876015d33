import { PROBLEM_MEDIA_TYPE } from '../media-types.ts'
import { ANSWERS as OPERATION_ANSWERS } from './operation-answers.ts'
import { PARAMETERS } from './parameters.ts'
import { problemExamples } from './problems.ts'
import { ANSWERS as ROW_ANSWERS, ROWS } from './row-answers.ts'
import { ANSWERS as SCHEDULE_ANSWERS } from './schedule-answers.ts'
import { ANSWERS as SYNC_ANSWERS } from './sync-answers.ts'

const ANSWERS = { ...OPERATION_ANSWERS, ...SYNC_ANSWERS, ...SCHEDULE_ANSWERS, ...ROW_ANSWERS }

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly {
    readonly name: string
    readonly schema: { readonly example?: unknown; examples?: unknown[] }
  }[]
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { examples?: object }>> }>>
}

/** Adds examples of its parameters and answers to each operation of the document. */
export function addExamples<D extends object>(document: D): D {
  const { paths = {} } = document as { paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
  for (const { operationId, parameters = [], responses } of Object.values(paths).flatMap(Object.values<Operation>)) {
    for (const { name, schema } of parameters) {
      const value = PARAMETERS[`${operationId} ${name}`] ?? PARAMETERS[name]
      if (schema.example === undefined && value !== undefined) schema.examples = [value]
    }
    for (const [status, { content = {} }] of Object.entries(responses)) {
      for (const [type, media] of Object.entries(content)) {
        const examples = examplesOf(operationId, status, type)
        if (examples === undefined) continue
        media.examples = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]))
      }
    }
  }
  return document
}

function examplesOf(operationId: string, status: string, type: string): Readonly<Record<string, unknown>> | undefined {
  if (type === PROBLEM_MEDIA_TYPE) return problemExamples(operationId, Number(status))
  const rows = ROWS[type]
  const good = ANSWERS[`${operationId} ${status} ${type}`] ?? ANSWERS[`${operationId} ${status}`]
  return good ?? (rows === undefined ? undefined : { rows })
}
