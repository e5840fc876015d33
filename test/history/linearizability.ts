/** One operation of a history; times are of one monotonic clock that all clients share. */
export interface Operation<Call, Answer> {
  readonly call: Call
  /** Undefined when nobody knows what came of it: its client died, or was told that the storage failed. */
  readonly answer: Answer | undefined
  readonly calledAt: number
  /** Infinity without an answer: it may take effect at any time after, or never. */
  readonly answeredAt: number
}

/** What is checked against: a state in which each operation takes effect at one moment between its call and its answer. */
export interface Model<State, Call, Answer> {
  readonly initial: State
  /** The state after the call, if it can have had this answer in this state (any, if there was none); otherwise undefined. */
  next(state: State, call: Call, answer: Answer | undefined): { readonly state: State } | undefined
  /** The same text for equal states. */
  keyOf(state: State): string
}

export type Verdict = 'linearizable' | 'not-linearizable' | 'undecided'

/** Configurations that are tried before the search is given up. */
const MOST_CONFIGURATIONS = 2_000_000

/**
 * Whether the operations can be put in one order that respects real time and the model (Herlihy and Wing, 1990): the
 * search of Wing and Gong, with Lowe's memory of the configurations that led nowhere ("Testing for linearizability", 2017).
 */
export function checkLinearizability<State, Call, Answer>(
  operations: readonly Operation<Call, Answer>[],
  model: Model<State, Call, Answer>,
): Verdict {
  const ordered = operations.toSorted((one, other) => one.calledAt - other.calledAt)
  const answered = ordered.reduce(
    (mask, { answer }, at) => (answer === undefined ? mask : mask | (1n << BigInt(at))),
    0n,
  )
  const tried = new Set<string>()
  const open = [{ done: 0n, state: model.initial }]
  for (let configuration = open.pop(); configuration !== undefined; configuration = open.pop()) {
    const { done, state } = configuration
    if ((done & answered) === answered) return 'linearizable'
    const key = `${done.toString(36)} ${model.keyOf(state)}`
    if (tried.has(key)) continue
    tried.add(key)
    if (tried.size > MOST_CONFIGURATIONS) return 'undecided'
    const left = ordered.flatMap((operation, at) => ((done >> BigInt(at)) & 1n ? [] : [{ operation, at }]))
    // What was called after another had been answered cannot come before it.
    const firstAnswer = Math.min(...left.map(({ operation }) => operation.answeredAt))
    for (const { operation, at } of left.toReversed()) {
      if (operation.calledAt > firstAnswer) continue
      const next = model.next(state, operation.call, operation.answer)
      if (next !== undefined) open.push({ done: done | (1n << BigInt(at)), state: next.state })
    }
  }
  return 'not-linearizable'
}
