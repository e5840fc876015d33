import t from 'tap'
import { Lanes } from '../../src/webhooks/concurrency-by-host.ts'

function takeAll(lanes: Lanes): string[] {
  const taken: string[] = []
  for (let next = lanes.take(); next !== undefined; next = lanes.take()) taken.push(next.item)
  return taken
}

t.test('lanes take turns, and each its items in the order in which they came', async (t) => {
  const lanes = new Lanes({ most: 10, mostPerLane: 10 })
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) lanes.add(item.slice(0, 1), item)
  t.same(takeAll(lanes), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
})

t.test('no lane has more than its share, and all of them no more than there is', async (t) => {
  const lanes = new Lanes({ most: 3, mostPerLane: 2 })
  for (const item of ['a1', 'a2', 'a3', 'b1', 'b2']) lanes.add(item.slice(0, 1), item)
  t.same(takeAll(lanes), ['a1', 'b1', 'a2'])
  lanes.leave('b')
  t.same(takeAll(lanes), ['b2'], 'a has its share')
  lanes.leave('a')
  t.same(takeAll(lanes), ['a3'])
})

t.test('one that waits already is not added again; one that was taken may be', async (t) => {
  const lanes = new Lanes({ most: 10, mostPerLane: 10 })
  lanes.add('a', 'a1')
  lanes.add('a', 'a1')
  t.same(takeAll(lanes), ['a1'])
  lanes.add('a', 'a1')
  t.same(takeAll(lanes), ['a1'])
})
