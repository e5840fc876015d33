import t from 'tap'
import { nextLink } from '../../src/routes/row-requests.ts'

t.test('the next page is asked as this one was, from the cursor on', async (t) => {
  const page = (query: string) => nextLink(`/rows${query}`, 'CURSOR')
  t.equal(
    page('?where=(a%20%3E%203)&off%73et=3&limit=2&cursor=before'),
    '/rows?where=(a%20%3E%203)&limit=2&cursor=CURSOR',
  )
  t.equal(page(''), '/rows?cursor=CURSOR')
  t.equal(
    page('?where=a>3&param=é"<\\'),
    '/rows?where=a%3E3&param=%C3%A9%22%3C%5C&cursor=CURSOR',
    'nothing ends the header early',
  )
})

t.test('an address that is longer than headers may be is left out', async (t) => {
  t.ok(nextLink(`/rows?where=${'('.repeat(6000)}`, 'CURSOR'))
  t.equal(nextLink(`/rows?where=${'('.repeat(13_000)}`, 'CURSOR'), undefined)
})
