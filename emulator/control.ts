import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { type Answer, bodyOf, json } from './answer.ts'
import { CALL_KINDS } from './calls.ts'
import type { Emulator } from './contract.ts'
import { VALUE, writable } from './written-value.ts'

const INDEX = z.int().min(0)
const KIND = z.enum(CALL_KINDS)
const ACTION = z.union([
  z.strictObject({
    status: z.int().min(200).max(599),
    body: z.string().exactOptional(),
    headers: z.record(z.string(), z.string()).exactOptional(),
    reason: z.string().exactOptional(),
  }),
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('reset') }),
    z.strictObject({ kind: z.literal('hang') }),
    z.strictObject({ kind: z.literal('cut'), afterBytes: INDEX.exactOptional() }),
    z.strictObject({ kind: z.literal('html'), status: z.int().exactOptional() }),
    z.strictObject({
      kind: z.literal('edit'),
      gid: INDEX,
      row: INDEX,
      column: INDEX,
      value: VALUE.transform(writable),
    }),
    z.strictObject({ kind: z.literal('short'), rows: INDEX }),
    z.strictObject({ kind: z.literal('slow'), ms: z.number().min(0) }),
  ]),
])
const FAULT = z.strictObject({
  on: z
    .strictObject({
      kind: KIND.exactOptional(),
      nth: z.int().min(1).exactOptional(),
      times: z.union([z.int().min(1), z.literal('always')]).exactOptional(),
      spreadsheetId: z.string().exactOptional(),
      tab: z.string().exactOptional(),
    })
    .exactOptional(),
  do: ACTION,
})
const CELL = z.strictObject({ spreadsheetId: z.string(), gid: INDEX, row: INDEX, column: INDEX, value: VALUE })
const LATENCY = z.strictObject({ baseMs: z.number().exactOptional(), perCellUs: z.number().exactOptional() })
const QUOTA = z.strictObject({ readsPerMinute: INDEX }).nullable()
const ACCESS = z.strictObject({
  spreadsheetId: z.string(),
  access: z.enum(['ok', 'forbidden', 'missing', 'xlsx', 'drive-forbidden']),
})
const ONE = z.strictObject({ spreadsheetId: z.string() })

type Action = (emulator: Emulator, body: unknown, query: URLSearchParams) => unknown
const ACTIONS: Record<string, Action> = {
  'GET /emulator/calls': ({ calls }) => calls.map((call) => ({ ...call, query: [...call.query] })),
  'GET /emulator/count': (emulator, _, query) => ({
    count: emulator.count(KIND.optional().parse(query.get('kind') ?? undefined)),
  }),
  'GET /emulator/workbooks': ({ workbooks }) => workbooks,
  'GET /emulator/service-account': (emulator) => emulator.serviceAccountKey(),
  'GET /emulator/user-credentials': (emulator) => emulator.userCredentials(),
  'POST /emulator/faults': (emulator, body) => {
    for (const fault of z.array(FAULT).parse(Array.isArray(body) ? body : [body])) emulator.fail(fault)
  },
  'DELETE /emulator/faults': (emulator) => emulator.clearFaults(),
  'POST /emulator/cells': (emulator, body) => {
    for (const cell of z.array(CELL).parse(Array.isArray(body) ? body : [body])) {
      emulator.setCell(cell.spreadsheetId, cell.gid, cell.row, cell.column, writable(cell.value))
    }
  },
  'POST /emulator/touch': (emulator, body) => emulator.touch(ONE.parse(body).spreadsheetId),
  'POST /emulator/latency': (emulator, body) => emulator.setLatency(LATENCY.parse(body)),
  'POST /emulator/quota': (emulator, body) => emulator.setQuota(QUOTA.parse(body) ?? undefined),
  'POST /emulator/access': (emulator, body) => {
    const { spreadsheetId, access } = ACCESS.parse(body)
    emulator.setAccess(spreadsheetId, access)
  },
  'POST /emulator/reset': (emulator) => {
    emulator.resetCalls()
    emulator.clearFaults()
  },
}

/**
 * The control surface, for tests that run the emulator in a process of its own: the methods of `Emulator` as
 * `POST /emulator/NAME` with a JSON body, and `GET /emulator/calls`, `count`, `workbooks`, `service-account`, `user-credentials`. Nothing
 * here counts as a call. Answers 200 with JSON (`{}` where there is nothing to say), 404, or 400 with what is wrong.
 */
export async function control(emulator: Emulator, request: IncomingMessage): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const name = `${request.method} ${pathname}`
  const action = ACTIONS[name]
  if (!action) return json(404, { error: `no such control: ${name}`, known: Object.keys(ACTIONS) })
  try {
    const text = request.method === 'POST' ? await bodyOf(request) : ''
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    return json(200, action(emulator, body, searchParams) ?? {})
  } catch (error) {
    return json(400, { error: error instanceof z.ZodError ? z.prettifyError(error) : String(error) })
  }
}
