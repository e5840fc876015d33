import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import type { Problem } from '../src/model/problem.ts'
import { problem } from '../src/model/problem.ts'
import { aDirectory, aService, ROOT } from './support/service.ts'

interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly description?: string
  readonly parameters?: { name: string; in: string; required: boolean; example?: unknown; schema: ParameterSchema }[]
  readonly requestBody?: { content: Record<string, { schema: { $ref?: string; examples?: unknown[] } }> }
  readonly responses: Record<string, { description: string; content?: Record<string, Media> }>
}
interface ParameterSchema {
  readonly example?: unknown
  readonly examples?: readonly unknown[]
  readonly default?: unknown
}
interface Media {
  readonly examples?: Record<string, { value: unknown }>
}

t.test('the document that is served', async (t) => {
  const { url } = await aService(t, {})
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, { examples?: unknown[] }> }
  }
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  t.ok(operations.length >= 14)

  t.test('passes the recommended rules of Redocly without an error or a warning', async (t) => {
    const file = `${await aDirectory(t)}/openapi.json`
    await writeFile(file, JSON.stringify(document))
    const run = promisify(execFile)(
      process.execPath,
      [`${ROOT}node_modules/.bin/redocly`, 'lint', file, '--config', `${ROOT}redocly.yaml`, '--format', 'json'],
      {
        // Nothing of it may ask the network for anything.
        env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: 'true' },
      },
    ).catch((error: { stdout: string }) => error)
    const { totals, problems } = JSON.parse((await run).stdout) as { totals: object; problems: object[] }
    t.same(problems, [])
    t.match(totals, { errors: 0, warnings: 0 })
  })

  t.test('tells of each operation what it does, what to send and what comes back, by example', async (t) => {
    for (const { method, path, operation } of operations) {
      const name = `${method.toUpperCase()} ${path}`
      t.ok(operation.summary && operation.description, `${name} has a summary and a description`)
      for (const { name: parameter, example, schema } of operation.parameters ?? []) {
        t.not(example ?? schema.example ?? schema.examples?.[0], undefined, `${name}: an example of ${parameter}`)
      }
      const body = operation.requestBody?.content['application/json']?.schema
      if (body !== undefined) {
        const schema = document.components.schemas[body.$ref?.split('/').at(-1) ?? ''] ?? body
        t.ok((schema.examples?.length ?? 0) > 0, `${name} shows a body`)
      }
      for (const [status, answer] of Object.entries(operation.responses)) {
        t.ok(answer.description, `${name} ${status} has a description`)
        for (const [type, { examples = {} }] of Object.entries(answer.content ?? {})) {
          t.ok(Object.keys(examples).length > 0, `${name} ${status} shows ${type}`)
        }
      }
    }
  })

  t.test('leaves fields of forms empty, but for what names the sample spreadsheet', async (t) => {
    for (const { operation } of operations) {
      for (const { name, required, example, schema } of operation.parameters ?? []) {
        // What Swagger UI begins a field with.
        const filled = example ?? schema.example ?? schema.default
        const isOfSample = required && ['spreadsheetId', 'tab'].includes(name)
        t.equal(filled !== undefined, isOfSample, `${operation.operationId}: ${name}`)
      }
    }
  })

  t.test('shows problems as they are: of the right status, under their own code', async (t) => {
    for (const { operation } of operations) {
      for (const [status, { content }] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue
        t.same(Object.keys(content ?? {}), ['application/problem+json'], `${operation.operationId} ${status}`)
        const examples = content?.['application/problem+json']?.examples ?? {}
        for (const [code, { value }] of Object.entries(examples)) {
          t.match(problem.parse(value) as Problem, { status: Number(status), code }, `${operation.operationId} ${code}`)
        }
      }
    }
  })

  t.test('lists every answer that an operation can give', async (t) => {
    for (const { path, method, operation } of operations) {
      const { operationId, parameters = [], responses } = operation
      const probes = ['livez', 'readyz', 'metrics'].includes(operationId)
      const wanted = [
        431,
        ...(probes ? [] : [500, 503]),
        ...(parameters.some((parameter) => parameter.in !== 'header') ? [400] : []),
        ...(path.includes('{') ? [404] : []),
        ...(method === 'post' ? [400, 413, 415] : []),
      ]
      for (const status of wanted) t.ok(responses[status], `${operationId} ${status}`)
    }
  })
})
