import { readdir } from 'node:fs/promises'
import t from 'tap'
import { allClosed, aServer, ask, CODED, lines, open } from './encoded-answers.ts'

t.test('clients that go away in the middle leave no file, no compressor and no turn behind', async (t) => {
  const { url, streams } = await aServer(t, lines(200_000))
  const descriptors = async () => (await readdir('/proc/self/fd')).length
  await ask(url, { 'accept-encoding': 'gzip' })
  const before = process.platform === 'linux' ? await descriptors() : 0
  for (let round = 0; round < 5; round += 1) {
    const readers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => open(url, { 'accept-encoding': CODED[n % 3] ?? 'br' })),
    )
    const closed = allClosed(streams)
    for (const { outgoing } of readers) outgoing.destroy()
    await closed
    streams.length = 0
  }
  if (process.platform === 'linux') t.ok((await descriptors()) <= before + 5, 'descriptors')
  for (const coding of CODED) t.equal((await ask(url, { 'accept-encoding': coding })).coding, coding)
})
