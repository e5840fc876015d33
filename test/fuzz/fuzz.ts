import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { problem } from '../../src/model/problem.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, ROOT } from '../support/service.ts'
import { type Asked, arbitraryRequests, type Document, KNOWN_SYNC } from './fuzz-requests.ts'

// `npm run test:fuzz`: requests made from the OpenAPI document, valid and broken, against a real service. Whatever comes,
// the service answers in time, with a status that the document tells of, and never with a fault of its own.
// SEED=… and RUNS=… repeat a run.
const RUNS = Number(process.env.RUNS ?? 10_000)
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const ANSWER_MS = 5000
/** Bytes that the service may hold at the end: the heap below, and what Node holds beside it. It was seen to level off at 370 MB. */
const RESIDENT_BYTES = 440e6
/** Bytes that it may hold more at the end of a run of 40,000 than at half of it; a shorter one ends while memory still fills up. */
const GROWTH_BYTES = 40e6
/** Megabytes of heap that the service is given: with less to waste a leak shows sooner. */
const HEAP_MB = 96
/** Requests that are made at once. */
const AT_ONCE = 8

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

t.test(`${RUNS} requests, seed ${SEED}`, { timeout: 1_800_000 }, async (t) => {
  const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks` })
  const directory = await aDirectory(t)
  const environment = {
    ...environmentFor(directory),
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    CORS_ORIGINS: 'https://example.com',
    RATE_LIMIT: 'off',
  }
  const service = await aServiceProcess(t, { ...environment, STATUS_TTL: '20s', SWEEP_INTERVAL: '5s' }, [
    `--max-old-space-size=${HEAP_MB}`,
    'src/start.mjs',
  ])
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as Document
  const told = statusesOf(document)
  /** Ids of the latest syncs. */
  const syncs: string[] = []
  const seen = new Map<string, number>()
  let done = 0
  const memory: number[] = []

  const property = fc.asyncProperty(
    fc.array(arbitraryRequests(document, SAMPLE_SPREADSHEET_ID), { minLength: 1, maxLength: AT_ONCE }),
    async (batch) => {
      await Promise.all(
        batch.map(async (asked) => {
          const path = asked.path.replace(KNOWN_SYNC, (_, at) => syncs[Number(at)] ?? newSyncId())
          const answer = await send(service.url, { ...asked, path })
          const name = `${asked.operationId ?? 'elsewhere'} ${answer.status}`
          seen.set(name, (seen.get(name) ?? 0) + 1)
          if (answer.status === 202) syncs.unshift((JSON.parse(answer.body) as { id: string }).id)
          syncs.splice(10)
          judge(told, asked, answer)
        }),
      )
      done += batch.length
      if (done > (memory.length * RUNS) / 10) memory.push(await rssOf(service.process.pid))
    },
  )
  await fc.assert(property, { seed: SEED, numRuns: Math.ceil((RUNS * 2) / (AT_ONCE + 1)), includeErrorInReport: true })

  memory.push(await rssOf(service.process.pid))
  const grown = (memory.at(-1) ?? 0) - (memory[5] ?? 0)
  t.comment(
    `${done} requests; ${[...seen]
      .sort()
      .map(([name, count]) => `${name}: ${count}`)
      .join(', ')}`,
  )
  t.comment(`resident MB at each tenth: ${memory.map((bytes) => Math.round(bytes / 1e6)).join(', ')}`)
  t.ok(done >= RUNS * 0.9, 'as many requests as were asked for')
  t.ok((memory.at(-1) ?? 0) < RESIDENT_BYTES, 'memory is bounded')
  if (RUNS >= 40_000) t.ok(grown < GROWTH_BYTES, 'and does not grow any more')
  t.equal((await fetch(`${service.url}/readyz`)).status, 200, 'the service is well')
  t.notMatch(service.output(), /"level":(?:50|60)/, 'and logged no error')
})

/** Sends a request as it stands: fetch would mend what is to be broken. Rejects when no answer comes in time. */
function send(url: string, { method, path, headers, body }: Asked): Promise<Answer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    // Framed by hand, as Node would send the body of a GET without saying so.
    const framed = body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }
    const outgoing = request({ hostname, port, method, path, headers: framed, agent: false }, (reply) => {
      const chunks: Buffer[] = []
      const finish = () => {
        clearTimeout(limit)
        const type = reply.headers['content-type'] ?? ''
        resolve({ status: reply.statusCode ?? 0, type, body: Buffer.concat(chunks).toString() })
      }
      reply.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        // A stream goes on as long as its sync does; that it has begun is enough.
        if (reply.headers['content-type']?.startsWith('text/event-stream')) {
          finish()
          outgoing.destroy()
        }
      })
      reply.on('end', finish)
      reply.on('error', () => undefined)
    })
    const limit = setTimeout(() => {
      outgoing.destroy(
        new Error(`no answer within ${ANSWER_MS} ms: ${method} ${path} ${JSON.stringify(headers)} ${body}`),
      )
    }, ANSWER_MS)
    outgoing.on('error', (error) => {
      clearTimeout(limit)
      reject(error)
    })
    outgoing.end(body)
  })
}

/** The statuses that the document tells of, by operation. */
function statusesOf({ paths }: Document): Map<string, Set<string>> {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  return new Map(operations.map(({ operationId, responses }) => [operationId, new Set(Object.keys(responses))]))
}

/** Throws when an answer is not what the document promises. */
function judge(told: ReadonlyMap<string, ReadonlySet<string>>, asked: Asked, { status, type, body }: Answer): void {
  const say = (what: string) =>
    new Error(
      `${what}: ${asked.method} ${asked.path} ${JSON.stringify(asked.headers)} ${asked.body ?? ''} → ${status} ${body}`,
    )
  if (status >= 500) throw say('a fault of the service')
  if (asked.method === 'HEAD' || asked.method === 'OPTIONS') return
  if (status >= 400) {
    if (!type.startsWith('application/problem+json')) throw say('not a problem')
    const parsed = problem.safeParse(JSON.parse(body))
    if (!parsed.success) throw say(`not a problem by its schema (${parsed.error.message})`)
    if (parsed.data.status !== status) throw say('another status in the body')
  }
  const responses = asked.operationId === undefined ? undefined : told.get(asked.operationId)
  if (responses !== undefined && !responses.has(String(status)))
    throw say('a status that the document does not tell of')
}

async function rssOf(pid: number | undefined): Promise<number> {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}
