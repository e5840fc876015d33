import t from 'tap'
import { aServiceWith } from './downloaded-formats.ts'

t.test('JSON and NDJSON are made of each other as the same download would have written them', async (t) => {
  const both = await aServiceWith(t, ['json', 'ndjson'])
  for (const [has, wants] of [
    ['json', 'ndjson'],
    ['ndjson', 'json'],
  ] as const) {
    const one = await aServiceWith(t, [has])
    for (const gid of [0, 1, 2]) {
      const want = await fetch(both.tab(gid, `?format=${wants}`))
      const made = await fetch(one.tab(gid, `?format=${wants}`), { headers: { 'accept-encoding': 'identity' } })
      const stored = await fetch(one.tab(gid), { method: 'HEAD', headers: { 'accept-encoding': 'identity' } })
      t.equal(made.status, 200)
      t.equal(stored.headers.get('content-type'), has === 'json' ? 'application/json' : 'application/x-ndjson')
      const wanted = await want.text()
      t.equal(await made.text(), wanted, `${wants} of ${has}, tab ${gid}`)
      t.equal(made.headers.get('content-length'), String(Buffer.byteLength(wanted)))
      t.equal(made.headers.get('content-type'), want.headers.get('content-type'))
      t.equal(made.headers.get('content-disposition'), want.headers.get('content-disposition'))
      t.equal(made.headers.get('accept-ranges'), 'none')
      const etag = made.headers.get('etag') ?? ''
      t.equal(etag, `${stored.headers.get('etag')?.slice(0, -1)}-${wants}"`)
      const head = await fetch(one.tab(gid, `?format=${wants}`), { method: 'HEAD' })
      t.equal(head.status, 200)
      const range = { range: 'bytes=0-1', 'accept-encoding': 'identity' }
      t.equal((await fetch(one.tab(gid, `?format=${wants}`), { headers: range })).status, 200, 'no ranges')
      const again = await fetch(one.tab(gid, `?format=${wants}`), { headers: { 'if-none-match': etag } })
      t.equal(again.status, 304)
    }
    const accept = wants === 'json' ? 'application/json' : 'application/x-ndjson'
    const negotiated = await fetch(one.tab(2), { headers: { accept } })
    t.equal(negotiated.headers.get('content-type'), accept)
    t.equal(negotiated.headers.get('vary'), 'Origin, Accept, Accept-Encoding')
    await negotiated.arrayBuffer()
    const csv = await fetch(one.tab(2, '?format=csv'))
    t.equal(csv.status, 406)
    t.match(await csv.json(), { hint: `There is ${has}, ${wants}; POST /syncs with other formats to have more.` })
    const files = (await (await fetch(`${one.url}/syncs/${one.ids[0]}/files`)).json()) as {
      files: { format: string }[]
    }
    t.strictSame(
      [...new Set(files.files.map(({ format }) => format))],
      [has],
      'the files of the sync stay what they are',
    )
  }
})
