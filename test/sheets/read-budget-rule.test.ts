import t from 'tap'
import type { ReadEnd } from '../../src/ports/read-budget.ts'
import { endRead, type ReadState, takeRead, UNUSED } from '../../src/sheets/read-budget-rule.ts'

const REFUSED: ReadEnd = { kind: 'refused' }
const ANSWERED: ReadEnd = { kind: 'answered' }

/** A credential of so many reads a minute, on a time that the test sets. */
class Credential {
  state: ReadState = UNUSED
  now = 1_000_000
  #reads = 0
  readonly #limit: number
  readonly #random: number

  constructor(limit: number, random = 0) {
    this.#limit = limit
    this.#random = random
  }

  get refusals(): number | undefined {
    return this.state.accounts[0]?.refusals
  }

  /** The name of the read, or how long to wait. */
  take(key = 'sync'): string | number {
    const read = `read ${this.#reads++}`
    const taken = takeRead(
      this.state,
      { limits: { account: this.#limit, project: 300 }, account: 'default', key, read },
      this.now,
    )
    this.state = taken.state ?? this.state
    return 'waitMs' in taken ? taken.waitMs : read
  }

  /** Waits for a read as long as told. */
  taken(key?: string): string {
    for (;;) {
      const answer = this.take(key)
      if (typeof answer === 'string') return answer
      this.now += answer
    }
  }

  end(read: string, end: ReadEnd): void {
    this.state = endRead(this.state, read, end, this.now, () => this.#random) ?? this.state
  }
}

/** How long each of so many pauses in a row is. */
function pauses(credential: Credential, count: number, end = REFUSED): number[] {
  credential.end(credential.taken(), end)
  return Array.from({ length: count }, () => {
    const from = credential.now
    const probe = credential.taken()
    const pause = credential.now - from
    credential.now += 1
    credential.end(probe, REFUSED)
    return pause
  })
}

t.test('reads that nobody waits for leave a third to the others, who never wait for them', async (t) => {
  const credential = new Credential(60)
  const end = credential.now + 59_000
  const wanted = { limits: { account: 60, project: 300 }, account: 'default', background: true }
  let taken = 0
  while (credential.now < end) {
    const read = `nightly ${taken}`
    const answer = takeRead(credential.state, { ...wanted, key: 'nightly', read }, credential.now)
    credential.state = answer.state ?? credential.state
    if (!('waitMs' in answer)) {
      taken += 1
      credential.end(read, ANSWERED)
    } else credential.now += answer.waitMs
  }
  t.ok(taken >= 38 && taken <= 40, String(taken))
  for (let n = 0; n < 8; n += 1) t.type(credential.take('somebody'), 'string', `read ${n} of a small sync is free`)
})

t.test('pauses double from a second to 64, by up to a quarter more', async (t) => {
  t.same(pauses(new Credential(60), 8), [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 64_000])
  t.same(pauses(new Credential(60, 1), 8), [1250, 2500, 5000, 10_000, 20_000, 40_000, 64_000, 64_000])
})

t.test('what Google asks to wait is honoured if it is longer, up to ten minutes', async (t) => {
  t.same(pauses(new Credential(60), 2, { ...REFUSED, retryAfterMs: 100 }), [1000, 2000])
  t.same(pauses(new Credential(60), 2, { ...REFUSED, retryAfterMs: 7000 }), [7000, 2000])
  t.same(pauses(new Credential(60), 1, { ...REFUSED, retryAfterMs: 1e15 }), [600_000])
})

t.test('seven refusals at once are one step', async (t) => {
  for (const apart of [0, 5]) {
    const credential = new Credential(60)
    const sent = Array.from({ length: 7 }, () => credential.taken())
    for (const read of sent) {
      credential.end(read, REFUSED)
      credential.now += apart
    }
    t.equal(credential.refusals, 1)
    t.equal(credential.take(), 1000 - 7 * apart, 'counted from the first of them')
  }
})

t.test(
  'a refusal that comes after the pause it belongs to has ended begins no other, unless it asks for more',
  async (t) => {
    const credential = new Credential(60)
    const [one, two, three] = [credential.taken(), credential.taken(), credential.taken()]
    credential.now += 5
    credential.end(one, REFUSED)
    credential.end(credential.taken(), ANSWERED)
    credential.end(two, REFUSED)
    t.equal(credential.refusals, 0)
    credential.end(three, { ...REFUSED, retryAfterMs: 9000 })
    t.equal(credential.take(), 9000)
  },
)

t.test('an answer to what was sent before the pause does not end it', async (t) => {
  const credential = new Credential(60)
  const [one, two] = [credential.taken(), credential.taken()]
  credential.now += 5
  credential.end(one, REFUSED)
  credential.end(two, ANSWERED)
  t.equal(credential.take(), 1000)
})

t.test('a slow probe that is answered after another has gone ends the pause all the same', async (t) => {
  const credential = new Credential(60)
  credential.end(credential.taken(), REFUSED)
  const slow = credential.taken()
  credential.now += 30_000
  credential.taken()
  t.type(credential.take(), 'number')
  credential.end(slow, ANSWERED)
  t.equal(credential.refusals, 0)
})

t.test(
  'after a pause reads keep an even pace for a minute, half of it after a second pause, and so on back',
  async (t) => {
    const credential = new Credential(60)
    const gap = () => {
      credential.end(credential.taken(), ANSWERED)
      const from = credential.now
      credential.end(credential.taken(), ANSWERED)
      return credential.now - from
    }
    const refuse = () => {
      credential.end(credential.taken(), REFUSED)
      credential.end(credential.taken(), ANSWERED)
    }
    t.equal(gap(), 0)
    for (const wanted of [1000, 2000, 4000]) {
      refuse()
      t.equal(gap(), wanted)
    }
    for (const wanted of [2000, 1000, 0]) {
      credential.now += 60_000
      t.equal(gap(), wanted)
    }
  },
)

t.test('the pace of a credential is never slower than a read a minute', async (t) => {
  const credential = new Credential(2)
  for (let pause = 0; pause < 10; pause += 1) {
    credential.end(credential.taken(), REFUSED)
    credential.end(credential.taken(), ANSWERED)
  }
  const from = credential.now
  credential.taken()
  t.ok(credential.now - from <= 60_000)
})

t.test('a clock that was set back ends no pause and prolongs none: a probe may go', async (t) => {
  const credential = new Credential(60)
  credential.end(credential.taken(), { ...REFUSED, retryAfterMs: 600_000 })
  credential.now -= 900_000
  const probe = credential.take()
  t.type(probe, 'string')
  t.type(credential.take(), 'number')
  credential.end(String(probe), ANSWERED)
  t.equal(credential.refusals, 0)
})
