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
    z.strictObject({ kind: z.literal('lost') }),
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
const QUOTA = z
  .strictObject({
    readsPerMinute: INDEX.exactOptional(),
    perUser: INDEX.exactOptional(),
    perProject: INDEX.exactOptional(),
  })
  .refine((quota) => Object.keys(quota).length > 0, 'wants readsPerMinute, perUser or perProject')
  .nullable()
const DELEGATION = z.strictObject({
  account: z.string(),
  domains: z.array(z.string()),
  scopes: z.array(z.string()).exactOptional(),
  users: z.array(z.email()).exactOptional(),
})
const SHARE = z.strictObject({ spreadsheetId: z.string(), sharedWith: z.array(z.email()).nullable() })
const USER_TOKEN = z.strictObject({
  email: z.email(),
  project: z.string().exactOptional(),
  scopes: z.array(z.string()).exactOptional(),
  accessToken: z.string().exactOptional(),
  expiresAfterCalls: INDEX.exactOptional(),
  lifetimeSeconds: INDEX.exactOptional(),
})
const ACCESS = z.strictObject({
  spreadsheetId: z.string(),
  access: z.enum(['ok', 'forbidden', 'missing', 'xlsx', 'drive-forbidden']),
})
const TOKEN = z.strictObject({ access_token: z.string() })
const ONE = z.strictObject({ spreadsheetId: z.string() })

type Action = (emulator: Emulator, body: unknown, query: URLSearchParams) => unknown
const ACTIONS: Record<string, Action> = {
  'GET /emulator/calls': ({ calls }) => calls.map((call) => ({ ...call, query: [...call.query] })),
  'GET /emulator/count': (emulator, _, query) => ({
    count: emulator.count(KIND.optional().parse(query.get('kind') ?? undefined)),
  }),
  'GET /emulator/workbooks': ({ workbooks }) => workbooks,
  'GET /emulator/service-account': (emulator, _, query) =>
    emulator.serviceAccountKey(query.get('name') ?? undefined, query.get('project') ?? undefined),
  'GET /emulator/user-credentials': (emulator, _, query) => emulator.userCredentials(query.get('email') ?? undefined),
  'POST /emulator/delegation': (emulator, body) => {
    const { account, ...delegation } = DELEGATION.parse(body)
    emulator.delegate(account, delegation)
  },
  'POST /emulator/share': (emulator, body) => {
    const { spreadsheetId, sharedWith } = SHARE.parse(body)
    emulator.share(spreadsheetId, sharedWith ?? undefined)
  },
  'POST /emulator/user-token': (emulator, body) => emulator.userToken(USER_TOKEN.parse(body)),
  'POST /emulator/expire-token': (emulator, body) => emulator.expireToken(TOKEN.parse(body).access_token),
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
  'POST /emulator/view': (emulator, body) => emulator.view(ONE.parse(body).spreadsheetId),
  'POST /emulator/expire-tokens': (emulator) => emulator.expireTokens(),
  'GET /emulator/notifications': ({ notifications }) => notifications,
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
 * `POST /emulator/NAME` with a JSON body, and `GET /emulator/calls`, `count`, `notifications`, `workbooks`, `service-account`, `user-credentials`. Nothing
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
