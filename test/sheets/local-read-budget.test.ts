import { readFile, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { LocalReadBudget } from '../../src/sheets/local-read-budget.ts'
import { FileKeyValueStore } from '../../src/storage/file-key-value-store.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { testReadBudget, testRefusals } from './read-budget-conformance.ts'

const REFUSED = { kind: 'refused' } as const

await testReadBudget(t, 'LocalReadBudget', async (_t, readsPerMinute) => {
  const clock = new FakeClock()
  const budget = new LocalReadBudget({ readsPerMinute, clock })
  return { open: async () => budget, pass: async (ms) => clock.leap(ms) }
})

/** Processes that share a folder. */
function aFolder(t: Test, readsPerMinute = 20) {
  const clock = new FakeClock()
  const directory = t.testdir({})
  const open = () => {
    const records = new FileKeyValueStore({ directory, clock }, 'read-budget')
    return new LocalReadBudget({ readsPerMinute, clock, records })
  }
  return { clock, open, record: `${directory}/.read-budget/google.json` }
}

await testReadBudget(t, 'LocalReadBudget with a folder', async (t, readsPerMinute) => {
  const { clock, open } = aFolder(t, readsPerMinute)
  const budget = open()
  return { open: async () => budget, pass: async (ms) => clock.leap(ms) }
})

await testRefusals(t, 'LocalReadBudgets that share a folder', async (t, readsPerMinute) => {
  const { clock, open } = aFolder(t, readsPerMinute)
  return { open: async () => open(), pass: async (ms) => clock.leap(ms) }
})

/** Takes a read, which must be free. */
async function taken(budget: LocalReadBudget): Promise<string> {
  const answer = await budget.take('a')
  if ('waitMs' in answer) throw new Error(`a read should have been free, and is so in ${answer.waitMs} ms`)
  return answer.read
}

t.test('nothing is written before Google refuses a read, nor once that is long past', async (t) => {
  const { clock, open, record } = aFolder(t)
  const [one, other] = [open(), open()]
  for (const budget of [one, other]) await budget.done(await taken(budget))
  await t.rejects(readFile(record), { code: 'ENOENT' })
  await one.done(await taken(one), REFUSED)
  clock.leap(1300)
  await other.done(await taken(other))
  clock.leap(60_000)
  const text = await readFile(record, 'utf8')
  t.match(JSON.parse(text), { value: { refusals: 0, slowdown: 0 } })
  for (const budget of [one, other]) await budget.done(await taken(budget))
  t.equal(await readFile(record, 'utf8'), text)
})

t.test('where the record is damaged each process pauses alone', async (t) => {
  const { clock, open, record } = aFolder(t)
  const [one, other] = [open(), open()]
  await one.done(await taken(one), REFUSED)
  await writeFile(record, '{')
  clock.leap(5000)
  await one.done(await taken(one), REFUSED)
  t.match(await one.take('a'), { waitMs: Number })
  await taken(other)
  clock.leap(2600)
  await one.done(await taken(one))
  clock.leap(3000)
  await taken(one)
})

t.test('a refusal that cannot be written holds back its own process all the same', async (t) => {
  const clock = new FakeClock()
  const records = new MemoryKeyValueStore(clock)
  const budget = new LocalReadBudget({ readsPerMinute: 20, clock, records })
  const { compareAndSwap } = records
  records.compareAndSwap = async () => {
    throw new AppError('STORAGE_FULL', 'The disk is full.')
  }
  await budget.done(await taken(budget), REFUSED)
  t.match(await budget.take('a'), { waitMs: Number })
  clock.leap(1300)
  const probe = await taken(budget)
  t.match(await budget.take('a'), { waitMs: Number })
  await budget.done(probe)
  records.compareAndSwap = compareAndSwap
  clock.leap(120_000)
  await budget.done(await taken(budget), REFUSED)
  t.match((await records.get('google')).value, { refusals: 1 }, 'later ones are written again')
})

t.test('a fault that nobody knows is not passed over', async (t) => {
  const clock = new FakeClock()
  const records = new MemoryKeyValueStore(clock)
  records.fault = new TypeError('a mistake')
  await t.rejects(new LocalReadBudget({ readsPerMinute: 20, clock, records }).take('a'), { message: 'a mistake' })
})
