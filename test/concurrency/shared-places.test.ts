import t from 'tap'
import { SharedPlaces } from '../../src/concurrency/shared-places.ts'

t.test('one owner alone gets half of the places, and one who comes later finds some', async (t) => {
  const places = new SharedPlaces({ total: 10 })
  const takeAll = (owner: string) => {
    const held: (() => void)[] = []
    for (let free = places.take(owner); free !== undefined; free = places.take(owner)) held.push(free)
    return held
  }
  const first = takeAll('one')
  t.equal(first.length, 5)
  t.equal(takeAll('other').length, 3)
  t.equal(places.take('one'), undefined)
  first[0]?.()
  first[0]?.()
  t.equal(takeAll('third').length, 2, 'a place that is given back twice is one place')
  t.equal(takeAll('fourth').length, 1)
})

t.test('no owner gets more than its own limit', async (t) => {
  const places = new SharedPlaces({ total: 100, perOwner: 2 })
  const [first, second, third] = [places.take('one'), places.take('one'), places.take('one')]
  t.ok(first)
  t.ok(second)
  t.equal(third, undefined)
  second?.()
  t.ok(places.take('one'))
})
