import { randomBytes } from 'node:crypto'
import fastify from 'fastify'
import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { addOwnTokens, OWN_TOKEN_HEADER } from '../../src/routes/own-tokens.ts'
import { ANYONE } from '../../src/syncs/caller.ts'
import { TokenKeys } from '../../src/tokens/token-keys.ts'
import { type AskOwner, TokenOwners } from '../../src/tokens/token-owners.ts'
import { FakeClock } from '../support/fake-clock.ts'

const keys = new TokenKeys([randomBytes(32)])

/** Owners whom `ask` knows, and the tokens that Google was asked about. */
function owners(ask: AskOwner) {
  const clock = new FakeClock()
  const asked: string[] = []
  const told: AskOwner = (token) => {
    asked.push(token)
    return ask(token)
  }
  return { owners: new TokenOwners({ keys, ask: told, clock }), asked, clock }
}

t.test('a token is asked about once in five minutes, however many requests come with it', async (t) => {
  const { owners: known, asked, clock } = owners(async () => '0815')
  const all = await Promise.all([known.find('a'), known.find('a'), known.find('a')])
  for (const identities of [...all, known.peek('a')]) t.same(identities, keys.identitiesOfPerson('0815'))
  await clock.advance(5 * 60_000 - 1)
  await known.find('a')
  t.same(asked, ['a'])
  await clock.advance(2)
  t.equal(known.peek('a'), undefined)
  await known.find('a')
  t.same(asked, ['a', 'a'])
})

t.test('a token that may not ask is an identity of its own', async (t) => {
  const { owners: known } = owners(async () => undefined)
  t.same(await known.find('a'), keys.identitiesOfToken('a'))
  t.not((await known.find('a'))[0], (await known.find('b'))[0])
})

t.test('a token that Google refuses is not asked about again for some seconds', async (t) => {
  let expired = true
  const {
    owners: known,
    asked,
    clock,
  } = owners(async () => {
    if (expired) throw new AppError('GOOGLE_TOKEN_EXPIRED', 'over')
    return '0815'
  })
  await t.rejects(known.find('a'), { code: 'GOOGLE_TOKEN_EXPIRED' })
  await t.rejects(known.find('a'), { code: 'GOOGLE_TOKEN_EXPIRED' })
  t.throws(() => known.peek('a'), { code: 'GOOGLE_TOKEN_EXPIRED' })
  t.same(asked, ['a'])
  expired = false
  await clock.advance(10_001)
  t.same(await known.find('a'), keys.identitiesOfPerson('0815'))
})

t.test('that Google cannot be reached is not remembered', async (t) => {
  const { owners: known, asked } = owners(async () => {
    throw new AppError('GOOGLE_UNREACHABLE', 'not now')
  })
  await t.rejects(known.find('a'), { code: 'GOOGLE_UNREACHABLE' })
  await t.rejects(known.find('a'), { code: 'GOOGLE_UNREACHABLE' })
  t.same(asked, ['a', 'a'])
})

t.test('Google is asked about 64 tokens at a time, and of more the request is refused for now', async (t) => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const { owners: known } = owners(() => promise)
  const underWay = Array.from({ length: 64 }, (_, index) => known.find(`token ${index}`))
  await t.rejects(known.find('one more'), { code: 'RATE_LIMITED', retryAfterSeconds: 1 })
  const same = known.find('token 0')
  resolve('0815')
  await Promise.all([...underWay, same])
  t.same(await known.find('one more'), keys.identitiesOfPerson('0815'))
})

t.test('a request with a token whose owner is known has it looked up once', async (t) => {
  class CountedOwners extends TokenOwners {
    lookups = 0
    override peek(token: string) {
      this.lookups += 1
      return super.peek(token)
    }
    override find(token: string) {
      this.lookups += 1
      return super.find(token)
    }
  }
  const counted = new CountedOwners({ keys, ask: async () => '0815', clock: new FakeClock() })
  const app = fastify()
  t.teardown(() => app.close())
  const mayUseTokens = { ...ANYONE, mayUseTokens: true }
  const callerOf = addOwnTokens(app, { callerOf: () => mayUseTokens, tokens: { keys, owners: counted } })
  app.get('/syncs', async (request) => callerOf(request).identities)
  const identities = async () => (await app.inject({ url: '/syncs', headers: { [OWN_TOKEN_HEADER]: 'a' } })).json()
  t.same(await identities(), keys.identitiesOfPerson('0815'))
  counted.lookups = 0
  t.same(await identities(), keys.identitiesOfPerson('0815'))
  t.equal(counted.lookups, 1)
})
