import t from 'tap'
import { checkLinearizability, type Operation } from './linearizability.ts'
import { type StorageAnswer, type StorageCall, syncModel } from './sync-model.ts'

type Op = Operation<StorageCall, StorageAnswer>
const v = (revision: number, token = `t${revision}`) => ({ revision, token })
const op = (calledAt: number, answeredAt: number, call: StorageCall, answer?: StorageAnswer): Op => ({
  call,
  answer,
  calledAt,
  answeredAt,
})
const create = (from: number, to: number, done = true) => op(from, to, { kind: 'create', version: v(1) }, { done })
const get = (from: number, to: number, found: ReturnType<typeof v> | null) => op(from, to, { kind: 'get' }, { found })
const replace = (from: number, to: number, expected: number, done = true, token?: string) =>
  op(from, to, { kind: 'replace', version: v(expected + 1, token), expected }, { done })

const accepted: Record<string, Op[]> = {
  'one after the other': [create(0, 1), get(2, 3, v(1)), replace(4, 5, 1), get(6, 7, v(2))],
  'a read beside a write may see either': [create(0, 1), replace(2, 6, 1), get(3, 4, v(1)), get(3, 5, v(2))],
  'of two replaces of one revision one wins': [create(0, 1), replace(2, 5, 1), replace(3, 4, 1, false, 'other')],
  'what nobody answered may have happened': [
    create(0, 1),
    op(2, Number.POSITIVE_INFINITY, { kind: 'replace', version: v(2), expected: 1 }),
    get(5, 6, v(1)),
    get(8, 9, v(2)),
  ],
  'or never have happened': [
    create(0, 1),
    op(2, Number.POSITIVE_INFINITY, { kind: 'remove', expected: 1 }),
    get(5, 6, v(1)),
  ],
}

const refused: Record<string, Op[]> = {
  'a read that is behind a write that was answered': [create(0, 1), replace(2, 3, 1), get(4, 5, v(1))],
  'time that runs backwards between two reads': [create(0, 1), replace(2, 9, 1), get(3, 4, v(2)), get(5, 6, v(1))],
  'two winners': [create(0, 1), replace(2, 5, 1), replace(3, 4, 1, true, 'other')],
  'two creations': [create(0, 1), create(2, 3)],
  'a false "there is none"': [create(0, 1), get(2, 3, null)],
  'what comes back after its removal': [
    create(0, 1),
    op(2, 3, { kind: 'remove', expected: 1 }, { done: true }),
    get(4, 5, v(1)),
  ],
  'a write that was seen and then forgotten': [
    create(0, 1),
    op(2, Number.POSITIVE_INFINITY, { kind: 'replace', version: v(2), expected: 1 }),
    get(5, 6, v(2)),
    get(8, 9, v(1)),
  ],
}

for (const [title, history] of Object.entries(accepted)) {
  t.test(`a history is linearizable with ${title}`, async (t) =>
    t.equal(checkLinearizability(history, syncModel), 'linearizable'),
  )
}
for (const [title, history] of Object.entries(refused)) {
  t.test(`a history is not linearizable with ${title}`, async (t) =>
    t.equal(checkLinearizability(history, syncModel), 'not-linearizable'),
  )
}
