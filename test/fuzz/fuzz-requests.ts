import fc from 'fast-check'

export interface Asked {
  /** The operation of the document that this is a request to; absent for what leads elsewhere. */
  readonly operationId?: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: unknown[]
  readonly const?: unknown
  readonly anyOf?: Schema[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: string[]
  readonly additionalProperties?: Schema | boolean
  readonly propertyNames?: Schema
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export interface Operation {
  readonly operationId: string
  readonly parameters?: { readonly name: string; readonly in: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, unknown>>
}

/** Stands in a path for the id of a sync that was started a while ago, so that requests get past the first check. */
export const KNOWN_SYNC = /known-sync-(\d+)/g

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Requests to every operation of the document: nine parts valid input, nine parts broken, and some that lead nowhere. */
export function arbitraryRequests(document: Document, spreadsheet: string): fc.Arbitrary<Asked> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => aRequest({ document, spreadsheet, path, method, operation })),
  )
  return fc.oneof({ weight: 18, arbitrary: fc.oneof(...operations) }, { weight: 1, arbitrary: strayRequest })
}

const strayRequest: fc.Arbitrary<Asked> = fc.record({
  method: fc.constantFrom(...METHODS),
  path: fc.webPath().map((path) => plain(path.startsWith('/') ? path : `/${path}`)),
  headers: fc.constant({}),
})

function aRequest(of: {
  document: Document
  spreadsheet: string
  path: string
  method: string
  operation: Operation
}): fc.Arbitrary<Asked> {
  const { document, operation } = of
  const { parameters = [], requestBody } = operation
  const one = (place: string) =>
    fc.record(
      Object.fromEntries(
        parameters
          .filter((parameter) => parameter.in === place)
          .map(({ name, schema }) => [name, aValue(of, name, schema)]),
      ),
      { requiredKeys: place === 'path' ? undefined : [] } as { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, Value>>
  const body = requestBody?.content['application/json']?.schema
  return fc
    .record({
      path: one('path'),
      query: one('query'),
      named: one('header'),
      stray: strayHeaders,
      body: fc.oneof(
        { weight: 6, arbitrary: body === undefined ? fc.constant(undefined) : validBody(of, body) },
        { weight: 2, arbitrary: brokenBody(document, body) },
      ),
      type: fc.oneof(
        { weight: 8, arbitrary: fc.constant('application/json') },
        {
          weight: 1,
          arbitrary: fc.constantFrom('text/plain', 'application/json; charset=latin1', '', 'a/b/c', 'json'),
        },
      ),
      method: fc.oneof(
        { weight: 15, arbitrary: fc.constant(of.method.toUpperCase()) },
        { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
      ),
    })
    .map(({ path, query, named, stray, body: sent, type, method }) => {
      const filled = of.path.replace(/\{([^}]+)\}/g, (_, name: string) => path[name]?.text ?? '')
      const search = Object.entries(query).map(([name, { text }]) => `${name}=${text}`)
      const headers = Object.fromEntries(Object.entries(named).map(([name, { raw }]) => [name, raw]))
      const leadsHere = method === of.method.toUpperCase() && Object.values(path).every(({ isOne }) => isOne)
      return {
        ...(leadsHere ? { operationId: operation.operationId } : {}),
        method,
        path: `${filled}${search.length > 0 ? `?${search.join('&')}` : ''}`,
        headers: { ...stray, ...printable(headers), ...(sent === undefined ? {} : { 'content-type': type }) },
        ...(sent === undefined ? {} : { body: sent }),
      }
    })
}

/** A parameter as it goes into a URL; `isOne`: it stays one segment, whatever it holds. */
interface Value {
  readonly text: string
  /** The same as a header has it. */
  readonly raw: string
  readonly isOne: boolean
}

function aValue(of: { document: Document; spreadsheet: string }, name: string, schema: Schema): fc.Arbitrary<Value> {
  const encoded = (text: string): Value => ({
    text: encodeURIComponent(text.toWellFormed()),
    raw: text,
    isOne: text !== '' && !/^\.\.?$/.test(text),
  })
  const known =
    name === 'id'
      ? fc.nat(9).map((at) => `known-sync-${at}`)
      : name === 'spreadsheetId' || name === 'spreadsheet'
        ? fc.constant(of.spreadsheet)
        : name === 'tab'
          ? fc.constantFrom('gid:0', 'Orders', 'gid:99', 'gid:x')
          : name === 'name'
            ? fc.constantFrom('orders-0.json', 'orders-0.csv', 'manifest.json')
            : name === 'prefer'
              ? fc.constantFrom('wait=1', 'wait=x', 'respond-async, wait=1', 'wait=')
              : fromSchema(of.document, schema).map(String)
  return fc.oneof(
    { weight: 6, arbitrary: known.map(encoded) },
    { weight: 2, arbitrary: fromSchema(of.document, schema).map((value) => encoded(String(value))) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }).filter(isNoWait).map(encoded) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(
          '..',
          '../..',
          '%2e%2e',
          '%00',
          '%',
          '%zz',
          '%ff%fe',
          'a%2fb',
          '',
          '.',
          'x'.repeat(3000),
          '-1',
          'null',
        )
        .map((text) => ({ text, raw: text, isOne: false })),
    },
  )
}

/** A long wait that is asked for and granted is no hang. */
function isNoWait(text: string): boolean {
  return !/wait\s*=/i.test(text)
}

function validBody(of: { document: Document; spreadsheet: string }, schema: Schema): fc.Arbitrary<string> {
  return fc.tuple(fromSchema(of.document, schema), fc.boolean()).map(([body, isWhole]) => {
    // Tabs out of nowhere are seldom there; without them the sync succeeds, and there are rows to ask for.
    const whole = isWhole ? { tabs: undefined, ranges: undefined, headerRow: 1 } : {}
    return JSON.stringify({ ...(body as object), spreadsheet: of.spreadsheet, webhook: undefined, ...whole })
  })
}

function brokenBody(document: Document, schema: Schema | undefined): fc.Arbitrary<string> {
  const some = schema === undefined ? fc.constant({}) : fromSchema(document, schema)
  return fc.oneof(
    some.map((body) => JSON.stringify(body)),
    fc
      .tuple(some, fc.string(), fc.jsonValue())
      .map(([body, key, value]) => JSON.stringify({ ...(body as object), [key]: value })),
    fc.tuple(some, fc.nat(60)).map(([body, at]) => JSON.stringify(body).slice(0, at)),
    fc.json(),
    fc.string({ unit: 'binary', maxLength: 500 }),
    fc.constantFrom(
      '{"__proto__":{"a":1}}',
      '{"constructor":{"prototype":{}}}',
      `{"labels":{"a":"${'x'.repeat(70_000)}"}}`,
      '['.repeat(5000),
    ),
  )
}

const strayHeaders = fc
  .record(
    {
      accept: fc.constantFrom(
        '*/*',
        'text/csv',
        'application/json;q=0',
        'nonsense',
        'text/event-stream',
        ';;q=x',
        'a/*',
      ),
      range: fc.constantFrom(
        'bytes=0-',
        'bytes=5-2',
        'bytes=-0',
        'bytes=999999999-',
        'lines=1-2',
        'bytes=0-1,3-4',
        'x',
      ),
      'if-none-match': fc.constantFrom('"1"', 'W/"1"', '*', '', '"', '1', ',,,'),
      'if-match': fc.constantFrom('"1"', '*', 'W/"2"', '"999999999999999999999"', 'x'),
      'if-modified-since': fc.constantFrom('Thu, 01 Jan 1970 00:00:00 GMT', 'never'),
      'if-range': fc.constantFrom('"x"', 'Thu, 01 Jan 1970 00:00:00 GMT'),
      'idempotency-key': fc.string({ minLength: 0, maxLength: 300 }),
      traceparent: fc.constantFrom('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '00-0-0-0', 'ff', ''),
      authorization: fc.constantFrom('Bearer x', 'Basic eDp5', ''),
      // Most from the one that the service knows, as others are refused before anything else is looked at.
      origin: fc.constantFrom(...Array<string>(19).fill('https://example.com'), 'null'),
    },
    { requiredKeys: [] },
  )
  .map((headers) => printable(headers as Record<string, string>))

/** What Node sends as a header: printable ASCII. */
function printable(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace(/[^\x20-\x7e]/g, '?')]))
}

/** What Node sends as a path. */
function plain(path: string): string {
  return path.replace(/[^\x21-\x7e]/g, '_')
}

/** Values that a schema allows, as far as it says so. */
function fromSchema(document: Document, schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    return fromSchema(document, document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})
  }
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => fromSchema(document, one)))
  switch (schema.type) {
    case 'string':
      if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern))
      return fc.string({
        minLength: schema.minLength ?? 0,
        maxLength: Math.min(schema.maxLength ?? 40, 300),
        unit: 'grapheme',
      })
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? -1000, max: Math.min(schema.maximum ?? 1e6, 2 ** 31 - 1) })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(fromSchema(document, schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      })
    case 'object': {
      if (schema.properties === undefined) {
        const key = schema.propertyNames === undefined ? fc.string() : fromSchema(document, schema.propertyNames)
        const value = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {}
        return fc.dictionary(key as fc.Arbitrary<string>, fromSchema(document, value), { maxKeys: 4 })
      }
      const fields = Object.entries(schema.properties).map(([name, one]) => [name, fromSchema(document, one)] as const)
      return fc.record(Object.fromEntries(fields), { requiredKeys: (schema.required ?? []) as never[] })
    }
    default:
      return fc.jsonValue()
  }
}
