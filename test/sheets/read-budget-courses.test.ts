import fc from 'fast-check'
import t from 'tap'
import type { ReadEnd } from '../../src/ports/read-budget.ts'
import { endRead, type ReadLimits, type ReadState, takeRead, UNUSED } from '../../src/sheets/read-budget-rule.ts'
import { storedReads } from '../../src/sheets/shared-read-budgets.ts'

const ACCOUNTS = ['a', 'b', 'constructor'] as const
const RETRY_AFTER_MS = 5000

const end = fc.constantFrom<ReadEnd>(
  { kind: 'answered' },
  { kind: 'answered' },
  { kind: 'unanswered' },
  { kind: 'refused' },
  { kind: 'refused', limit: 'project', retryAfterMs: RETRY_AFTER_MS },
  { kind: 'refused', limit: 'account', retryAfterMs: RETRY_AFTER_MS },
)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('take' as const),
      account: fc.constantFrom(...ACCOUNTS),
      key: fc.constantFrom('x', 'y'),
      background: fc.boolean(),
      // Whether it waits as long as told, and tries again.
      isPatient: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('end' as const), which: fc.nat(20), end }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.constantFrom(1, 200, 1300, 20_000) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface SentRead {
  readonly name: string
  readonly account: string
  readonly at: number
  endedAt?: number
  isRefused?: boolean
}

/** Runs a course on a state that is stored after each step, and tells which promise was broken, if one was. */
function brokenPromise(limits: ReadLimits, steps: readonly Step[]): string | undefined {
  let state: ReadState = UNUSED
  let now = 1_000_000
  const reads: SentRead[] = []
  /** Until when Google has asked all to wait, or an account. */
  const asked = new Map<string, number>()
  const store = (next: ReadState | undefined) => {
    if (next !== undefined) state = storedReads.parse(JSON.parse(JSON.stringify({ name: 'project', limits, ...next })))
  }
  const counts = (read: SentRead) =>
    read.isRefused !== true && now < (read.endedAt === undefined ? read.at + 600_000 : read.endedAt + 60_000)
  const take = (account: string, key: string, background: boolean): number => {
    const name = `read ${reads.length}`
    const answer = takeRead(state, { limits, account, key, read: name, background }, now)
    store(answer.state)
    if ('waitMs' in answer) return answer.waitMs
    reads.push({ name, account, at: now })
    return 0
  }
  for (const step of steps) {
    if (step.does === 'wait') now += step.ms
    else if (step.does === 'end') {
      const read = reads.filter(({ endedAt }) => endedAt === undefined)[step.which]
      // One that was taken for abandoned is free, however it ends.
      if (read === undefined || now >= read.at + 600_000) continue
      store(endRead(state, read.name, step.end, now, () => 0))
      read.endedAt = now
      read.isRefused = step.end.kind === 'refused'
      if (step.end.kind !== 'refused' || step.end.retryAfterMs === undefined) continue
      asked.set(step.end.limit === 'project' ? 'project' : read.account, now + RETRY_AFTER_MS)
    } else {
      const { account, key, background } = step
      let waitMs = take(account, key, background)
      for (let tries = 0; waitMs > 0 && step.isPatient && tries < 3; tries += 1) {
        now += Math.ceil(waitMs)
        waitMs = take(account, key, background)
      }
      if (!(waitMs >= 0 && waitMs <= 600_000)) return `to wait ${waitMs} ms`
      if (waitMs > 0) continue
      if (Math.max(asked.get('project') ?? 0, asked.get(account) ?? 0) > now)
        return 'read though Google had asked to wait'
      const counted = reads.filter(counts)
      if (counted.length > limits.project) return `${counted.length} reads of the project`
      const own = counted.filter((read) => read.account === account).length
      if (own > limits.account) return `${own} reads of ${account}`
    }
  }
  // All end, and somebody who waits as long as told gets on.
  for (const { name, endedAt } of reads)
    if (endedAt === undefined) store(endRead(state, name, { kind: 'answered' }, now))
  for (let tries = 0; tries < 100; tries += 1) {
    const waitMs = take('a', 'new', false)
    if (waitMs === 0) return undefined
    now += Math.ceil(waitMs)
  }
  return 'somebody waits for ever'
}

t.test('whatever comes, no minute has more reads than either limit, pauses are kept, and all get on', async (t) => {
  const limits = fc.record({ account: fc.constantFrom(1, 4, 12, 40), project: fc.constantFrom(1, 5, 12, 30) })
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 120, size: 'max' }), (limits, steps) => {
      const broken = brokenPromise(limits, steps)
      if (broken !== undefined) throw new Error(broken)
    }),
    { numRuns: 400 },
  )
  t.pass()
})
