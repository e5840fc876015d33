import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import t from 'tap'
import { systemClock } from '../../src/system-clock.ts'
import { createDnsLookup } from '../../src/webhooks/dns-lookup.ts'
import { HttpSender } from '../../src/webhooks/http-sender.ts'
import { aResolver } from '../support/name-server.ts'

function all(lookup: LookupFunction, name: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, found) => (error === null ? resolve(found as LookupAddress[]) : reject(error)))
  })
}

t.test('names are asked of name servers, for addresses of both kinds', async (t) => {
  const { resolver, asked } = await aResolver(t, {
    'both.example': ['8.8.8.8', '2606:4700::1111'],
    'old.example': ['8.8.4.4', '8.8.8.8'],
    'new.example': ['2606:4700::1'],
    'empty.example': [],
    'silent.example': 'silence',
  })
  const lookup = createDnsLookup(() => resolver)
  t.same(await all(lookup, 'both.example'), [
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ])
  t.same(asked.sort(), ['both.example A', 'both.example AAAA'])
  t.same(await all(lookup, 'old.example'), [
    { address: '8.8.4.4', family: 4 },
    { address: '8.8.8.8', family: 4 },
  ])
  t.same(await all(lookup, 'new.example'), [{ address: '2606:4700::1', family: 6 }])
  for (const name of ['empty.example', 'none.example']) await t.rejects(all(lookup, name), { code: 'ENOTFOUND' }, name)
  await t.rejects(all(lookup, 'silent.example'), { code: 'EAI_AGAIN' })
})

t.test('a name that a name server gives an address that is not public is not called', async (t) => {
  const { resolver, asked } = await aResolver(t, {
    'metadata.example': ['169.254.169.254'],
    'inside.example': ['8.8.8.8', 'fd00:ec2::254'],
    'mapped.example': ['0:0:0:0:0:ffff:7f00:1'],
  })
  const sender = new HttpSender({
    keys: [Buffer.alloc(32)],
    insecure: false,
    clock: systemClock,
    lookup: createDnsLookup(() => resolver),
  })
  const message = { id: 'a-message', body: '{}' }
  for (const host of ['metadata.example', 'inside.example', 'mapped.example']) {
    t.same(await sender.send(`https://${host}/`, message, new AbortController().signal), {
      status: null,
      error: 'the host has an address that is not public',
    })
  }
  t.equal(asked.length, 6, 'each was asked for once, for either kind')
  t.match(await sender.send('https://none.example/', message, new AbortController().signal), {
    error: 'the name of the host does not resolve',
  })
})
