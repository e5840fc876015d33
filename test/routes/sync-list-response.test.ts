import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import type { SyncView } from '../../src/model/sync-view.ts'
import type { SyncQuery } from '../../src/ports/sync-storage.ts'
import { anApp } from '../support/app.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aQueuedSync } from '../support/syncs.ts'

/** A storage that counts what it is asked for. */
class CountedStorage extends MemoryStorage {
  lists = 0

  override list(query: SyncQuery) {
    this.lists += 1
    return super.list(query)
  }
}

/** An app over so many syncs whose records have 60 kB each, newest first. */
async function anAppOfLargeSyncs(t: Parameters<typeof anApp>[0], count: number) {
  const storage = new CountedStorage()
  const tabs = Array.from({ length: 300 }, (_, n) => `${'a long title '.repeat(15)}${n}`)
  const syncs = Array.from({ length: count }, () => aQueuedSync({ tabs }))
  for (const sync of syncs) await storage.create(sync)
  return { storage, ids: syncs.map(({ id }) => id).reverse(), ...(await anApp(t, storage)) }
}

interface Page {
  readonly syncs: readonly SyncView[]
  readonly nextPageToken: string | null
}

t.test('a page ends where it has 4 MB, and the next ones hold the rest', async (t) => {
  const { url, ids } = await anAppOfLargeSyncs(t, 100)
  const found: string[] = []
  const lengths: number[] = []
  let token: string | null = ''
  while (token !== null) {
    const answer = await fetch(`${url}/syncs?pageSize=1000${token === '' ? '' : `&pageToken=${token}`}`)
    t.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
    const text = await answer.text()
    const page = JSON.parse(text) as Page
    lengths.push(text.length)
    found.push(...page.syncs.map(({ id }) => id))
    token = page.nextPageToken
  }
  t.same(found, ids)
  t.ok(lengths.length >= 2 && Math.max(...lengths) < 4.3 * 1024 * 1024, `pages of ${lengths} bytes`)
})

t.test('what has fewer bytes is one page, however many pieces it is made of', async (t) => {
  const { url, ids, storage } = await anAppOfLargeSyncs(t, 10)
  for (const [pageSize, count] of [
    [1000, 10],
    [10, 10],
    [9, 9],
    [1, 1],
  ] as const) {
    const page = (await (await fetch(`${url}/syncs?pageSize=${pageSize}`)).json()) as Page
    t.same(
      page.syncs.map(({ id }) => id),
      ids.slice(0, count),
    )
    t.equal(page.nextPageToken === null, count === 10)
    t.same(page.syncs[0], await (await fetch(`${url}/syncs/${ids[0]}`)).json(), 'as it is answered by its id')
  }
  t.ok(storage.lists > 4)
  const empty = await fetch(`${url}/syncs?state=failed`)
  t.same(await empty.json(), { syncs: [], nextPageToken: null })
  t.equal((await fetch(`${url}/syncs`, { method: 'HEAD' })).status, 200)
})

t.test('of a list that nobody reads a few pieces are fetched, and a list that fails at once is an error', async (t) => {
  const { url, storage } = await anAppOfLargeSyncs(t, 60)
  const { port } = new URL(url)
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  socket.pause()
  // As many as may be sent ahead.
  for (let sent = 0; sent < 16; sent++) socket.write('GET /syncs?pageSize=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  // Others are answered meanwhile, until nothing more is fetched for who does not read.
  for (let before = -1; before !== storage.lists; ) {
    before = storage.lists
    for (let asked = 0; asked < 20; asked++) await (await fetch(`${url}/livez`)).arrayBuffer()
  }
  t.ok(storage.lists < 100, `${storage.lists} pieces of a thousand`)
  storage.list = () => Promise.reject(new Error('broken'))
  t.equal((await fetch(`${url}/syncs`)).status, 500)
})
