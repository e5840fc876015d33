import type { Test } from 'tap'
import { type BudgetAnswer, DEFAULT_ACCOUNT, type ReadBudget, type ReadBudgets } from '../../src/ports/read-budget.ts'
import type { ReadLimits } from '../../src/sheets/read-budget-rule.ts'

export interface BudgetsUnderTest {
  /** Opens the same budgets once more, as another instance would. */
  readonly open: () => Promise<ReadBudgets>
  /** Has the budgets' clock go on by so many milliseconds, or makes what it has stored that much older. */
  readonly pass: (ms: number) => Promise<void>
}

type MakeBudgets = (t: Test, limits: ReadLimits) => Promise<BudgetsUnderTest>

/** A single account of so many reads a minute, all free, as several instances see it. */
async function anAccount(t: Test, makeBudgets: MakeBudgets, readsPerMinute: number) {
  const { open, pass } = await makeBudgets(t, { account: readsPerMinute, project: 300 })
  const another = async () => (await open()).of(DEFAULT_ACCOUNT)
  return { budget: await another(), another, pass }
}

/** Accounts of one project that has so many reads a minute, each with as many as it likes. */
async function aProject(t: Test, makeBudgets: MakeBudgets, limits: ReadLimits) {
  const { open, pass } = await makeBudgets(t, limits)
  const [one, other] = [await open(), await open()]
  const of = (name: string, project = 'project') => one.of({ name, project })
  const ofOther = (name: string, project = 'project') => other.of({ name, project })
  return { of, ofOther, usage: () => other.usage(), pass }
}

/**
 * What all ReadBudgets promise, in one process or on any storage, refusals included. `makeBudgets` makes those of such
 * limits, all reads free, for each test.
 */
export async function testReadBudgets(t: Test, name: string, makeBudgets: MakeBudgets): Promise<void> {
  const setUp = (t: Test, readsPerMinute: number) => anAccount(t, makeBudgets, readsPerMinute)

  await testRefusals(t, name, makeBudgets)
  await testProjects(t, name, makeBudgets)

  await t.test(name, async (t) => {
    await t.test('all instances together get as many reads as there are, and are then told to wait', async (t) => {
      const { budget, another } = await setUp(t, 12)
      const instances = [budget, await another(), await another()]
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => (instances[n % 3] ?? budget).take(`sync ${n}`)),
      )
      const reads = answers.flatMap(readOf)
      t.equal(reads.length, 12)
      t.equal(new Set(reads).size, 12, 'each read has a name of its own')
      for (const answer of answers) if ('waitMs' in answer) t.ok(answer.waitMs > 0 && answer.waitMs <= 600_000)
    })

    await t.test('a read is free again a minute after it was done, whoever tells that', async (t) => {
      const { budget, another, pass } = await setUp(t, 2)
      const other = await another()
      const [first] = [await mustTake(budget, 'a'), await mustTake(other, 'b')]
      await pass(120_000)
      t.notOk(readOf(await budget.take('c')).length, 'while they are under way')
      await other.done(first)
      await pass(55_000)
      t.notOk(readOf(await budget.take('c')).length, 'before the minute is over')
      await pass(5_000)
      await mustTake(budget, 'c')
      t.notOk(readOf(await other.take('d')).length, 'one was free, not two')
    })

    await t.test('a read that nobody told done is free after ten minutes', async (t) => {
      const { budget, pass } = await setUp(t, 1)
      await mustTake(budget, 'a')
      await pass(590_000)
      t.notOk(readOf(await budget.take('b')).length)
      await pass(10_000)
      await mustTake(budget, 'b')
    })

    await t.test('done twice counts from the first time, and of an unknown read it changes nothing', async (t) => {
      const { budget, pass } = await setUp(t, 1)
      await budget.done('of no such name')
      const read = await mustTake(budget, 'a')
      await budget.done(read)
      await pass(50_000)
      await budget.done(read)
      await pass(10_000)
      const next = await mustTake(budget, 'b')
      await budget.done(read)
      await pass(590_000)
      t.notOk(readOf(await budget.take('c')).length, 'the read under way is not the one that was done')
      await budget.done(next)
    })

    await t.test('whoever waits as long as told gets on', async (t) => {
      const { budget, pass } = await setUp(t, 3)
      for (const key of ['a', 'b', 'c']) await budget.done(await mustTake(budget, key))
      let waited = 0
      for (let asked = 0; asked < 200; asked++) {
        const answer = await budget.take('d')
        if ('read' in answer) break
        waited += answer.waitMs
        await pass(Math.ceil(answer.waitMs))
      }
      t.ok(waited > 55_000 && waited < 62_000, `${waited} ms`)
    })

    await t.test('who reads much leaves reads to those who come, in all instances', async (t) => {
      const { budget, another } = await setUp(t, 40)
      const other = await another()
      let large = 0
      while (readOf(await (large % 2 === 0 ? budget : other).take('large')).length > 0) large++
      t.equal(large, 20, 'half at once, the rest at a pace')
      for (let small = 0; small < 8; small++) await mustTake(other, 'small')
      t.notOk(readOf(await budget.take('small')).length, 'a ninth read of the minute is not small any more')
      await mustTake(budget, 'another')
    })

    await t.test('large keys never touch the reserve, small ones may', async (t) => {
      const { budget, pass } = await setUp(t, 40)
      let large = 0
      for (let asked = 0; asked < 400; asked++) {
        const answer = await budget.take('large')
        if ('read' in answer) large++
        else await pass(1000)
      }
      t.equal(large, 36)
      for (let small = 0; small < 4; small++) await mustTake(budget, `small ${small}`)
      t.notOk(readOf(await budget.take('one too many')).length)
    })

    await t.test('in the second half of the reads a large key keeps a pace', async (t) => {
      const { budget, pass } = await setUp(t, 40)
      for (let large = 0; large < 20; large++) await budget.done(await mustTake(budget, 'large'))
      await pass(10_000)
      await mustTake(budget, 'large')
      t.notOk(readOf(await budget.take('large')).length)
      await pass(1000)
      t.notOk(readOf(await budget.take('large')).length, '16 reads are to last for 50 s')
      await pass(3000)
      await mustTake(budget, 'large')
    })
  })
}

/** What all ReadBudgets promise of reads that Google refuses, in one process and over all instances that share them. */
export async function testRefusals(t: Test, name: string, makeBudgets: MakeBudgets): Promise<void> {
  const setUp = (t: Test, readsPerMinute: number) => anAccount(t, makeBudgets, readsPerMinute)

  await t.test(`${name}, refusals`, async (t) => {
    await t.test('what Google asks to wait holds back every instance and every key, and ends', async (t) => {
      const { budget, another, pass } = await setUp(t, 20)
      const other = await another()
      const [one, two] = [await mustTake(budget, 'a'), await mustTake(other, 'b')]
      await budget.done(one, { kind: 'refused', retryAfterMs: 30_000 })
      await other.done(two, { kind: 'refused', retryAfterMs: 1000 })
      for (const instance of [budget, other]) {
        const answer = await instance.take('a')
        t.ok('waitMs' in answer && answer.waitMs > 0 && answer.waitMs <= 30_000)
      }
      await pass(25_000)
      t.notOk(readOf(await other.take('a')).length, 'the longer of two pauses counts')
      await pass(5_000)
      await mustTake(other, 'a')
    })

    await t.test(
      'after a refusal two instances get one probe, after a refused one another after twice the time',
      async (t) => {
        const { budget, another, pass } = await setUp(t, 20)
        const instances = [budget, await another()] as const
        await budget.done(await mustTake(budget, 'a'), REFUSED)
        for (const pauseMs of [1000, 2000, 4000]) {
          await pass(pauseMs / 2)
          for (const each of instances) t.notOk(readOf(await each.take('a')).length, `before ${pauseMs} ms`)
          await pass(0.75 * pauseMs + 10)
          const answers = await Promise.all(
            Array.from({ length: 8 }, (_, n) => (instances[n % 2] ?? budget).take(`sync ${n}`)),
          )
          const [probe, ...more] = answers.flatMap(readOf)
          t.same(more, [], 'one at a time')
          for (const answer of answers) if ('waitMs' in answer) t.ok(answer.waitMs > 0 && answer.waitMs <= 1000)
          t.type(probe, 'string')
          for (const each of instances) await each.done(probe ?? '', REFUSED)
        }
      },
    )

    await t.test(
      'a probe that is answered ends the pause for all, at an even pace, and the next pause is short',
      async (t) => {
        const { budget, another, pass } = await setUp(t, 20)
        const other = await another()
        await budget.done(await mustTake(budget, 'a'), REFUSED)
        await pass(1300)
        await other.done(await mustTake(other, 'b'), REFUSED)
        await pass(2600)
        const probe = await mustTake(budget, 'a')
        t.notOk(readOf(await other.take('b')).length, 'while the probe is out')
        await budget.done(probe)
        t.notOk(readOf(await other.take('b')).length, 'no burst')
        for (let read = 0; read < 3; read++) {
          await pass(3000)
          await other.done(await mustTake(other, 'b'))
        }
        await pass(3000)
        await budget.done(await mustTake(budget, 'a'), REFUSED)
        await pass(1300)
        await mustTake(other, 'b')
      },
    )

    await t.test('a probe whose process was killed is followed by another within half a minute', async (t) => {
      const { budget, another, pass } = await setUp(t, 20)
      const other = await another()
      await budget.done(await mustTake(budget, 'a'), REFUSED)
      await pass(1300)
      await mustTake(budget, 'a')
      await pass(25_000)
      t.notOk(readOf(await other.take('b')).length)
      await pass(5000)
      const probe = await mustTake(other, 'b')
      t.notOk(readOf(await budget.take('a')).length, 'one at a time')
      await other.done(probe)
      await pass(3000)
      await mustTake(budget, 'a')
    })

    await t.test(
      'refusals of what was sent before the pause are part of it, also when they come after its end',
      async (t) => {
        const { budget, another, pass } = await setUp(t, 20)
        const other = await another()
        const sent = [await mustTake(budget, 'a'), await mustTake(other, 'b'), await mustTake(other, 'c')] as const
        await pass(10)
        await budget.done(sent[0], REFUSED)
        await other.done(sent[1], REFUSED)
        await pass(1300)
        await other.done(await mustTake(other, 'b'))
        await other.done(sent[2], REFUSED)
        await pass(3000)
        await mustTake(budget, 'a')
      },
    )

    await t.test('a probe that was never answered says nothing: the next may go at once', async (t) => {
      const { budget, another, pass } = await setUp(t, 20)
      const other = await another()
      await budget.done(await mustTake(budget, 'a'), REFUSED)
      await pass(1300)
      await budget.done(await mustTake(budget, 'a'), { kind: 'unanswered' })
      const probe = await mustTake(other, 'b')
      t.notOk(readOf(await budget.take('a')).length)
      await other.done(probe, REFUSED)
      await pass(1400)
      t.notOk(readOf(await budget.take('a')).length, 'the pause has grown')
    })

    await t.test('a refused read costs nothing', async (t) => {
      const { budget, pass } = await setUp(t, 2)
      await budget.done(await mustTake(budget, 'a'), REFUSED)
      await pass(1300)
      await mustTake(budget, 'a')
      await pass(30_000)
      await mustTake(budget, 'a')
      await pass(30_000)
      t.notOk(readOf(await budget.take('a')).length, 'of two reads two are under way')
    })
  })
}

/** What all ReadBudgets promise of accounts that share a project. */
async function testProjects(t: Test, name: string, makeBudgets: MakeBudgets): Promise<void> {
  await t.test(`${name}, projects`, async (t) => {
    await t.test(
      'the accounts of a project get as many reads as it has, and those of another as many again',
      async (t) => {
        const { of, ofOther, pass } = await aProject(t, makeBudgets, { account: 6, project: 10 })
        const takeAll = async (project: string) => {
          let taken = 0
          for (let n = 0; n < 24; n++) {
            const budget = (n % 2 === 0 ? of : ofOther)(`account ${n % 3}`, project)
            taken += readOf(await budget.take(`sync ${n}`)).length
            // Whoever was told to wait for others is past that.
            if (n > 18) await pass(600)
          }
          return taken
        }
        t.equal(await takeAll('project'), 10)
        t.equal(await takeAll('another'), 10)
        t.equal(await takeAll('project'), 0)
      },
    )

    await t.test('an account that is used up leaves the rest of the project to others', async (t) => {
      const { of, ofOther } = await aProject(t, makeBudgets, { account: 3, project: 300 })
      for (let n = 0; n < 3; n++) await mustTake(of('a'), `sync ${n}`)
      t.notOk(readOf(await ofOther('a').take('one more')).length)
      for (let n = 0; n < 3; n++) await mustTake(ofOther('b'), `sync ${n}`)
    })

    await t.test('an account that Google refuses pauses, and no other of its project', async (t) => {
      const { of, usage, pass } = await aProject(t, makeBudgets, { account: 20, project: 300 })
      await of('a').done(await mustTake(of('a'), 'x'), { kind: 'refused', retryAfterMs: 30_000 })
      t.match(await of('a').take('x'), { waitMs: Number })
      await of('b').done(await mustTake(of('b'), 'y'))
      const all = await usage()
      t.match(
        all.filter(({ name }) => name === 'a'),
        [{ used: 0, pausedMs: Number }],
      )
      t.ok(all.every(({ name, pausedMs }) => pausedMs > 0 === (name === 'a')))
      await pass(31_000)
      await mustTake(of('a'), 'x')
    })

    await t.test('a project that Google refuses pauses whole, with one probe, and no other does', async (t) => {
      const { of, ofOther, pass } = await aProject(t, makeBudgets, { account: 20, project: 300 })
      await of('a').done(await mustTake(of('a'), 'x'), REFUSED_PROJECT)
      for (const account of ['a', 'b']) t.match(await of(account).take('x'), { waitMs: Number }, account)
      await mustTake(of('a', 'another'), 'x')
      await pass(1300)
      const probe = await mustTake(of('b'), 'y')
      t.match(await of('a').take('x'), { waitMs: Number }, 'one at a time')
      await of('b').done(probe, REFUSED_PROJECT)
      await pass(1100)
      t.match(await ofOther('c').take('x'), { waitMs: Number }, 'the next pause is longer')
      await pass(1500)
      await of('b').done(await mustTake(of('b'), 'y'))
      await pass(3000)
      await mustTake(of('a'), 'x')
    })

    await t.test("a project's probe that is refused for its account says nothing of the project", async (t) => {
      const { of, pass } = await aProject(t, makeBudgets, { account: 20, project: 300 })
      await of('a').done(await mustTake(of('a'), 'x'), REFUSED_PROJECT)
      await pass(1300)
      await of('a').done(await mustTake(of('a'), 'x'), REFUSED)
      t.match(await of('a').take('x'), { waitMs: Number })
      await of('b').done(await mustTake(of('b'), 'y'))
      await pass(3000)
      await mustTake(of('a'), 'x')
    })

    await t.test('the pace that refusals have led to outlives the reads, whoever asks for the usage', async (t) => {
      const { of, usage, pass } = await aProject(t, makeBudgets, { account: 20, project: 10 })
      for (const _ of ['refused once', 'and again, so that the pace is halved']) {
        await of('a').done(await mustTake(of('a'), 'x'), REFUSED_PROJECT)
        await pass(1300)
        await of('a').done(await mustTake(of('a'), 'x'))
        await pass(6100)
      }
      await pass(54_000)
      t.same(await usage(), [], 'no read counts any more')
      await mustTake(of('a'), 'x')
      t.match(await of('a').take('x'), { waitMs: Number })
    })

    await t.test('usage tells the reads of each account that count', async (t) => {
      const { of, usage, pass } = await aProject(t, makeBudgets, { account: 20, project: 300 })
      t.same(await usage(), [])
      await mustTake(of('a'), 'x')
      await of('a').done(await mustTake(of('a'), 'x'))
      await of('b', 'another').done(await mustTake(of('b', 'another'), 'x'))
      t.same(byName(await usage()), [
        { name: 'a', project: 'project', limit: 20, used: 2, pausedMs: 0 },
        { name: 'b', project: 'another', limit: 20, used: 1, pausedMs: 0 },
      ])
      await pass(60_010)
      t.same(byName(await usage()), [{ name: 'a', project: 'project', limit: 20, used: 1, pausedMs: 0 }])
    })
  })
}

/** What all ReadBudgets promise of accounts that wait for each other, by a clock that only the test moves: turns are short. */
export async function testTurns(t: Test, name: string, makeBudgets: MakeBudgets): Promise<void> {
  await t.test(`${name}, turns`, async (t) => {
    await t.test('where the project is the bound, who read least goes first', async (t) => {
      const { of, pass } = await aProject(t, makeBudgets, { account: 60, project: 6 })
      for (let n = 0; n < 5; n++) {
        await of('large').done(await mustTake(of('large'), `sync ${n}`))
        if (n === 1) await pass(30_000)
      }
      await of('small').done(await mustTake(of('small'), 'x'))
      const waits = await Promise.all([of('large').take('more'), of('small').take('x'), of('large').take('more')])
      t.same(waits.flatMap(readOf), [])
      await pass(30_010)
      t.notOk(readOf(await of('large').take('more')).length, 'its turn is not yet')
      await mustTake(of('small'), 'x')
      await mustTake(of('large'), 'more')
    })

    await t.test('a turn that nobody takes is lost within a second or so', async (t) => {
      const { of, pass } = await aProject(t, makeBudgets, { account: 60, project: 2 })
      await of('large').done(await mustTake(of('large'), 'x'))
      await pass(30_000)
      await of('large').done(await mustTake(of('large'), 'y'))
      for (const account of ['gone', 'large']) t.match(await of(account).take('x'), { waitMs: Number })
      await pass(30_010)
      t.match(await of('large').take('x'), { waitMs: Number })
      await pass(1000)
      await mustTake(of('large'), 'x')
    })

    await t.test('what nobody waits for lets others go first, however much they have read', async (t) => {
      const { of, pass } = await aProject(t, makeBudgets, { account: 60, project: 6 })
      await of('nightly').done(await mustTake(of('nightly'), 'x'))
      for (let n = 0; n < 5; n++) {
        await of('large').done(await mustTake(of('large'), `sync ${n}`))
        if (n === 1) await pass(30_000)
      }
      t.match(await of('large').take('more'), { waitMs: Number })
      t.match(await of('nightly').take('x', { background: true }), { waitMs: Number })
      await pass(30_010)
      t.match(await of('nightly').take('x', { background: true }), { waitMs: Number })
      await mustTake(of('large'), 'more')
    })
  })
}

function byName<T extends { readonly name: string }>(rows: readonly T[]): T[] {
  return [...rows].sort((one, other) => (one.name < other.name ? -1 : 1))
}

const REFUSED = { kind: 'refused' } as const
const REFUSED_PROJECT = { kind: 'refused', limit: 'project' } as const

function readOf(answer: BudgetAnswer): string[] {
  return 'read' in answer ? [answer.read] : []
}

async function mustTake(budget: ReadBudget, key: string): Promise<string> {
  const answer = await budget.take(key)
  if (!('read' in answer)) throw new Error(`${key} should have got a read, and is to wait for ${answer.waitMs} ms`)
  return answer.read
}

/** What is stored of a budget, made older by so many milliseconds, where the clock of the server is nobody's to move. */
export function olderBy(ms: number, json: string): string {
  const isTime = /^(freedAt|lastGrant|pausedUntil|changedAt|due)$/
  return JSON.stringify(
    JSON.parse(json, (name, value: unknown) => (isTime.test(name) && typeof value === 'number' ? value - ms : value)),
  )
}
