import fc from 'fast-check'
import t from 'tap'
import { ColumnList } from '../../src/rows/column-list.ts'
import { engineNames } from '../../src/rows/engine-names.ts'
import { sqlName } from '../../src/rows/sql-words.ts'
import { tableNames, tablesNamed } from '../../src/rows/table-names.ts'

t.test('names equal but for the case of ASCII letters get a number that no other name has', async (t) => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [[], []],
    [
      ['Name', 'name', 'NAME'],
      ['Name', 'name_2', 'NAME_3'],
    ],
    [
      ['a', 'A', 'a_2'],
      ['a', 'A_3', 'a_2'],
    ],
    [
      ['A_2', 'a', 'A'],
      ['A_2', 'a', 'A_3'],
    ],
    [
      ['a_2', 'A_2', 'A_2_2'],
      ['a_2', 'A_2_3', 'A_2_2'],
    ],
    [
      ['Ä', 'ä', 'É', 'é'],
      ['Ä', 'ä', 'É', 'é'],
    ],
    [
      ['k', '\u212a', 'ß', 'SS'],
      ['k', '\u212a', 'ß', 'SS'],
    ],
    [
      ['a\0', 'a\ufffd', '\ud800'],
      ['a\ufffd', 'a\ufffd_2', '\ufffd'],
    ],
  ]
  for (const [names, unlike] of cases) t.strictSame(engineNames(names), unlike)
})

t.test('any names come out unlike each other, each the same or with a number after it', async () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'A', 'b', '_', '2', '3', 'Ä', 'ä'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 30 }), (names) => {
      const unlike = engineNames(names)
      const folded = unlike.map((one) => one.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()))
      if (new Set(folded).size !== names.length) return false
      return unlike.every((one, index) => one === names[index] || one.replace(/_\d+$/, '') === names[index])
    }),
    { numRuns: 2000 },
  )
})

t.test('thousands of equal names take no longer for it', async (t) => {
  const names = Array.from({ length: 16_384 }, (_, n) =>
    Array.from({ length: 14 }, (_, bit) => ((n >> bit) & 1 ? 'A' : 'a')).join(''),
  )
  const started = performance.now()
  t.equal(new Set(engineNames(names).map((one) => one.toLowerCase())).size, names.length)
  t.ok(performance.now() - started < 2000)
})

t.test('a table has the title of its tab, and a slug that needs no quotes', async (t) => {
  const titles = ['Class Data', 'orders', 'Orders!', 'Order', '2024', 'Aufträge', '日本', '中国', 'class_data']
  t.strictSame(tableNames(titles.map((title) => ({ title }))), [
    ['Class Data', 'class_data_2'],
    ['orders'],
    ['Orders!', 'orders_2'],
    ['Order', 't_order'],
    ['2024', 't_2024'],
    ['Aufträge', 'auftrage'],
    ['日本', 'tab'],
    ['中国', 'tab_2'],
    ['class_data'],
  ])
  const ranges = [{ title: 'Data' }, { title: 'Data' }]
  t.strictSame(tableNames(ranges), [['Data'], ['Data_2']])
})

t.test('a name is quoted in SQL where it is a word of it, or no plain word', async (t) => {
  const written: Readonly<Record<string, string>> = {
    Price: 'Price',
    price_2: 'price_2',
    Order: '"Order"',
    LIMIT: '"LIMIT"',
    date: 'date',
    'Unit price': '"Unit price"',
    '2024': '"2024"',
    'a"b;': '"a""b;"',
    Größe: '"Größe"',
  }
  for (const [name, sql] of Object.entries(written)) t.equal(sqlName(name), sql)
})

t.test('names that differ in the case of other letters than those of ASCII are two, as in DuckDB', async (t) => {
  const list = new ColumnList(['Ä', 'ä', 'Maß'])
  t.equal(list.select('Ä,ä,MAß'), '"Ä", "ä", "Maß"')
  t.throws(() => list.select('MAẞ'), { code: 'COLUMN_NOT_FOUND' })
  t.same(
    tablesNamed([{ title: 'Ä' }, { title: 'ä' }], ['ä']).map(({ tab }) => tab.title),
    ['ä'],
  )
  t.throws(() => new ColumnList(['ä']).select('Ä'), { code: 'COLUMN_NOT_FOUND' })
})
