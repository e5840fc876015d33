import t from 'tap'
import { type ColumnTally, columnSchema, columnType, EMPTY_TALLY } from '../../src/model/column-schema.ts'

t.test('a column has the type that stands for every kind in it, blanks and errors aside', async (t) => {
  const types: readonly (readonly [ColumnTally['values'], string])[] = [
    [{}, 'empty'],
    [{ text: 0 }, 'empty'],
    [{ text: 1 }, 'text'],
    [{ integer: 3 }, 'integer'],
    [{ integer: 3, number: 1 }, 'number'],
    [{ number: 1 }, 'number'],
    [{ boolean: 1 }, 'boolean'],
    [{ date: 1 }, 'date'],
    [{ date: 1, datetime: 1 }, 'datetime'],
    [{ time: 1 }, 'time'],
    [{ time: 1, duration: 1 }, 'duration'],
    [{ date: 1, time: 1 }, 'mixed'],
    [{ date: 1, integer: 1 }, 'mixed'],
    [{ date: 1, datetime: 1, time: 1 }, 'mixed'],
    [{ text: 99, integer: 1 }, 'mixed'],
    [{ boolean: 1, integer: 1 }, 'mixed'],
    [{ integer: 3, error: 2 }, 'integer'],
    [{ text: 3, error: 2 }, 'text'],
    [{ error: 2 }, 'text'],
  ]
  for (const [values, type] of types) t.equal(columnType(values), type, JSON.stringify(values))
})

t.test('blank cells are those that the rows have beside what was counted', async (t) => {
  const tally: ColumnTally = { values: { integer: 3, error: 1 }, longest: 5, example: 7 }
  t.match(columnSchema(tally, 6), { nullable: true, counts: { integer: 3, error: 1, text: 0, blank: 2 }, example: 7 })
  t.match(columnSchema(tally, 4), { nullable: false, counts: { blank: 0 } })
  t.match(columnSchema(EMPTY_TALLY, 2), { type: 'empty', nullable: true, counts: { blank: 2 }, example: null })
})
