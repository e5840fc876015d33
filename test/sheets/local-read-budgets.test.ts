import { readdir, readFile, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { DEFAULT_ACCOUNT, type ReadBudget } from '../../src/ports/read-budget.ts'
import { LocalReadBudgets } from '../../src/sheets/local-read-budgets.ts'
import type { ReadLimits } from '../../src/sheets/read-budget-rule.ts'
import { recordKey } from '../../src/sheets/shared-read-budgets.ts'
import { FileKeyValueStore } from '../../src/storage/file-key-value-store.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'
import { testFolder } from '../support/test-folder.ts'
import { testReadBudgets, testRefusals, testTurns } from './read-budgets-conformance.ts'

const REFUSED = { kind: 'refused' } as const
const LIMITS = { account: 20, project: 300 }

for (const test of [testReadBudgets, testTurns]) {
  await test(t, 'LocalReadBudgets', async (_t, limits) => {
    const clock = new FakeClock()
    const budgets = new LocalReadBudgets({ limits, clock })
    return { open: async () => budgets, pass: async (ms) => clock.leap(ms) }
  })
}

/** Processes that share a folder. */
function aFolder(t: Test, limits: ReadLimits = LIMITS) {
  const clock = new FakeClock()
  const directory = testFolder(t)
  const openAll = () => {
    const records = new FileKeyValueStore({ directory, clock }, 'read-budget')
    return new LocalReadBudgets({ limits, clock, records })
  }
  const open = () => openAll().of(DEFAULT_ACCOUNT)
  const folder = `${directory}/.read-budget`
  return { clock, openAll, open, folder, record: `${folder}/${recordKey(DEFAULT_ACCOUNT.project)}.json` }
}

await testReadBudgets(t, 'LocalReadBudgets with a folder', async (t, limits) => {
  const { clock, openAll } = aFolder(t, limits)
  const budgets = openAll()
  return { open: async () => budgets, pass: async (ms) => clock.leap(ms) }
})

await testRefusals(t, 'LocalReadBudgets that share a folder', async (t, limits) => {
  const { clock, openAll } = aFolder(t, limits)
  return { open: async () => openAll(), pass: async (ms) => clock.leap(ms) }
})

/** Takes a read, which must be free. */
async function taken(budget: ReadBudget): Promise<string> {
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
  t.match(JSON.parse(text), { value: { accounts: [{ name: 'default', refusals: 0, slowdown: 0 }] } })
  for (const budget of [one, other]) await budget.done(await taken(budget))
  t.equal(await readFile(record, 'utf8'), text)
})

t.test(
  'processes that share a folder pause together: an account, or the whole project that Google names',
  async (t) => {
    const { clock, openAll, folder } = aFolder(t)
    const [one, other] = [openAll(), openAll()]
    const of = (budgets: LocalReadBudgets, name: string) => budgets.of({ name, project: 'project' })
    await of(one, 'a').done(await taken(of(one, 'a')), REFUSED)
    t.match(await of(other, 'a').take('x'), { waitMs: Number })
    await of(other, 'b').done(await taken(of(other, 'b')), { ...REFUSED, limit: 'project' })
    for (const name of ['b', 'c']) t.match(await of(one, name).take('x'), { waitMs: Number })
    await taken(one.of({ name: 'c', project: 'another' }))
    t.same(await readdir(folder).then((names) => names.filter((name) => name.endsWith('.json'))), [
      `${recordKey('project')}.json`,
    ])
    clock.leap(1300)
    await of(one, 'c').done(await taken(of(one, 'c')))
    clock.leap(3000)
    await taken(of(other, 'a'))
  },
)

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
  const budget = new LocalReadBudgets({ limits: LIMITS, clock, records }).of(DEFAULT_ACCOUNT)
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
  t.match(
    (await records.get(recordKey('default'))).value,
    { accounts: [{ refusals: 1 }] },
    'later ones are written again',
  )
})

t.test('a fault that nobody knows is not passed over', async (t) => {
  const clock = new FakeClock()
  const records = new MemoryKeyValueStore(clock)
  records.fault = new TypeError('a mistake')
  await t.rejects(new LocalReadBudgets({ limits: LIMITS, clock, records }).of(DEFAULT_ACCOUNT).take('a'), {
    message: 'a mistake',
  })
})
