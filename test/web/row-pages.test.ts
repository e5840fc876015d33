import t from 'tap'
import { RowPages } from '../../web/state/row-pages.ts'

interface Asked {
  readonly offset: number
  readonly answer: (syncId?: string) => Promise<void>
  readonly fail: (error: unknown) => Promise<void>
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Pages of 10 rows, at most 4 kept, whose reads the test answers. */
function aTable() {
  const asked: Asked[] = []
  const told: unknown[] = []
  const pages = new RowPages<{ n: number }>({
    pageRows: 10,
    mostPages: 4,
    read: (offset, limit, signal) =>
      new Promise((resolve, reject) => {
        const rows = Array.from({ length: limit }, (_, index) => ({ n: offset + index }))
        signal.addEventListener('abort', () => reject(signal.reason))
        asked.push({
          offset,
          answer(syncId = 'one') {
            resolve({ rows, syncId })
            return settle()
          },
          fail(error) {
            reject(error)
            return settle()
          },
        })
      }),
    onChange: () => told.push('changed'),
    onSnapshot: (syncId) => told.push(syncId),
    onFailure(thrown) {
      if (thrown === undefined) return undefined
      told.push(thrown)
      return 5
    },
  })
  return { pages, asked, told, offsets: () => asked.map(({ offset }) => offset) }
}

t.test('rows are read as they come in sight, two pages at a time, and those that are there not again', async (t) => {
  const { pages, asked, offsets } = aTable()
  pages.want(20, 40, 1000)
  t.equal(asked.length, 2)
  await asked[0]?.answer()
  await asked[1]?.answer()
  while (asked.length < 4) await settle()
  t.same(offsets().toSorted(), [10, 20, 30, 40], 'with half a page around them')
  await asked[2]?.answer()
  await asked[3]?.answer()
  t.same([pages.at(20), pages.at(39), pages.at(400)], [{ n: 20 }, { n: 39 }, undefined])
  pages.want(20, 40, 1000)
  t.equal(asked.length, 4)
})

t.test('who scrolls fast is not kept waiting by what he has passed', async (t) => {
  const { pages, asked, offsets } = aTable()
  for (let row = 0; row < 900; row += 30) pages.want(row, row + 20, 1000)
  t.equal(asked.length, 2, 'what was passed is not asked for')
  await asked[0]?.answer()
  t.ok((offsets()[2] ?? 0) >= 860, 'the next read is of what is seen now')
})

t.test('memory has an end: what is farthest from sight goes first', async (t) => {
  const { pages, asked } = aTable()
  for (const first of [0, 100, 200, 300]) {
    pages.want(first, first + 10, 1000)
    for (let answered = 0; answered < 3; answered += 1) for (const one of asked) await one.answer()
  }
  const kept = Array.from({ length: 100 }, (_, page) => page).filter((page) => pages.at(page * 10) !== undefined)
  t.equal(kept.length, 4)
  t.ok(kept.includes(30))
  t.notOk(kept.includes(0))
})

t.test('what is seen is never evicted, however much of it there is', async (t) => {
  const { pages, asked } = aTable()
  pages.want(0, 95, 1000)
  for (let answered = 0; answered < asked.length; answered += 1) {
    await asked[answered]?.answer()
    await settle()
  }
  t.equal(asked.length, 10, 'each page is read once')
  t.same([pages.at(0), pages.at(94)], [{ n: 0 }, { n: 94 }])
})

t.test('rows of a newer snapshot take the place of all that was read, and are told of', async (t) => {
  const { pages, told } = aTable()
  const rows = [{ n: 1 }]
  pages.put(0, { rows, syncId: 'one' })
  pages.put(1, { rows, syncId: 'one' })
  t.same(told, ['changed', 'changed'])
  pages.put(2, { rows, syncId: 'two' })
  t.same(told.slice(2), ['two', 'changed'])
  t.same([pages.at(0), pages.at(20)], [undefined, { n: 1 }])
})

t.test('what failed is told of and tried again, and nothing else meanwhile', async (t) => {
  const { pages, asked, told } = aTable()
  pages.want(0, 5, 1000)
  await asked[0]?.fail('busy')
  t.same(told, ['busy'])
  pages.want(0, 5, 1000)
  t.equal(asked.length, 1)
  while (asked.length === 1) await new Promise((resolve) => setTimeout(resolve, 2))
  await asked[1]?.answer()
  t.same(pages.at(0), { n: 0 })
})

t.test('a table that was left asks for nothing more and shows nothing more', async (t) => {
  const { pages, asked, told } = aTable()
  pages.want(0, 5, 1000)
  pages.close()
  await settle()
  pages.want(500, 510, 1000)
  pages.retry()
  t.equal(asked.length, 1)
  t.same(told, [])
})
