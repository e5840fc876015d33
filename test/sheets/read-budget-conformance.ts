import type { Test } from 'tap'
import type { BudgetAnswer, ReadBudget } from '../../src/ports/read-budget.ts'

export interface BudgetUnderTest {
  /** Opens the same budget once more, as another instance would. */
  readonly open: () => Promise<ReadBudget>
  /** Has the budget's clock go on by so many milliseconds, or makes what it has stored that much older. */
  readonly pass: (ms: number) => Promise<void>
}

/** What every ReadBudget promises, in one process or on any storage, refusals included. `makeBudget` makes one of so many reads a minute, all free, for each test. */
export async function testReadBudget(
  t: Test,
  name: string,
  makeBudget: (t: Test, readsPerMinute: number) => Promise<BudgetUnderTest>,
): Promise<void> {
  async function setUp(t: Test, readsPerMinute: number) {
    const { open, pass } = await makeBudget(t, readsPerMinute)
    return { budget: await open(), another: open, pass }
  }

  await testRefusals(t, name, makeBudget)

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

/** What every ReadBudget promises of reads that Google refuses, in one process and over all instances that share them. */
export async function testRefusals(
  t: Test,
  name: string,
  makeBudget: (t: Test, readsPerMinute: number) => Promise<BudgetUnderTest>,
): Promise<void> {
  async function setUp(t: Test, readsPerMinute: number) {
    const { open, pass } = await makeBudget(t, readsPerMinute)
    return { budget: await open(), another: open, pass }
  }

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

const REFUSED = { kind: 'refused' } as const

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
  const isTime = /^(freedAt|lastGrant|pausedUntil|changedAt)$/
  return JSON.stringify(
    JSON.parse(json, (name, value: unknown) => (isTime.test(name) && typeof value === 'number' ? value - ms : value)),
  )
}
