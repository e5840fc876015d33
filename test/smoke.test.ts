import t from 'tap'

t.test('runs', async (t) => {
  const x: number = 1
  t.equal(x, 1)
})
