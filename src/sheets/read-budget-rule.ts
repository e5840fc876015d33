import type { ReadEnd } from '../ports/read-budget.ts'
import {
  ABANDONED_MS,
  afterEnd,
  afterGrant,
  isQuiet,
  isSmall,
  stillTaken,
  type TakenRead,
  type Throttle,
  throttleAsOf,
  UNTHROTTLED,
  WINDOW_MS,
  waitMsOf,
} from './read-limit-rule.ts'

/** Milliseconds after which one whose turn has come, and who did not take it, is taken for gone. */
const TURN_MS = 1000

/** Milliseconds before the next try of one who lets others go first. */
const GIVE_WAY_MS = 100

/** How many accounts of a project are remembered: those that read last. */
const ACCOUNTS_MOST = 1000

/** What is known of one account beside its reads. */
export interface AccountState extends Throttle {
  readonly name: string
  /** While it waits for other accounts of the project: when its next try is due. */
  readonly turn?: { readonly due: number; readonly background: boolean } | undefined
}

/** The reads of one project, as they stand. Times are milliseconds on whichever clock counts them. */
export interface ReadState {
  readonly taken: readonly TakenRead[]
  readonly project: Throttle
  /** Those that have read in the window, wait or were refused; who was changed last is last. */
  readonly accounts: readonly AccountState[]
}

/** Nothing read, and nothing refused. */
export const UNUSED: ReadState = { taken: [], project: UNTHROTTLED, accounts: [] }

/** The reads a minute of each account, and of all accounts of a project together. */
export interface ReadLimits {
  readonly account: number
  readonly project: number
}

interface ReadWanted {
  readonly limits: ReadLimits
  readonly account: string
  readonly key: string
  /** Its name. */
  readonly read: string
  /** Whether nobody waits for it; default: somebody does. */
  readonly background?: boolean | undefined
}

/**
 * Takes the read for this key of this account if both limits have one, or tells how many milliseconds to wait, and what is
 * then to be remembered, if anything.
 */
export function takeRead(
  stored: ReadState,
  { limits, account, key, read, background = false }: ReadWanted,
  now: number,
): { readonly state: ReadState } | { readonly waitMs: number; readonly state?: ReadState } {
  const state = readStateAsOf(stored, now)
  const own = accountOf(state, account)
  const reads = state.taken.filter((taken) => taken.account === account)
  const isSmallKey = !background && isSmall(reads.filter((taken) => taken.key === key).length, limits.account)
  const isSmallAccount = isSmallKey || (!background && isSmall(reads.length, limits.project))
  const ownMs = waitMsOf(own, reads, { limit: limits.account, isSmall: isSmallKey, background }, now)
  const project = { limit: limits.project, isSmall: isSmallAccount, background }
  const limitMs = waitMsOf(state.project, state.taken, project, now)
  const projectMs = limitMs > 0 || !givesWay(state, own, background, now) ? limitMs : GIVE_WAY_MS
  if (ownMs === 0 && projectMs === 0) {
    const taken = { read, account, key, isUnderWay: true, freedAt: now + ABANDONED_MS }
    return {
      state: {
        taken: [...state.taken, taken],
        project: afterGrant(state.project, read, now),
        accounts: withAccount(state, { ...own, ...afterGrant(own, read, now), turn: undefined }),
      },
    }
  }
  const waitMs = Math.max(ownMs, projectMs)
  const isAlone = state.accounts.every(({ name }) => name === account)
  const turn = projectMs > ownMs && !isAlone ? { due: now + limitMs, background } : undefined
  if (isSameTurn(own.turn, turn)) return { waitMs }
  return { waitMs, state: { ...state, accounts: withAccount(state, { ...own, turn }) } }
}

/** What the end of a read makes of the state; `undefined` when it is not under way. */
export function endRead(
  stored: ReadState,
  read: string,
  end: ReadEnd,
  now: number,
  random = Math.random,
): ReadState | undefined {
  const state = readStateAsOf(stored, now)
  const ended = state.taken.find((one) => one.read === read && one.isUnderWay)
  if (ended === undefined) return undefined
  const others = state.taken.filter((one) => one !== ended)
  const own = accountOf(state, ended.account)
  return {
    // Service Control, which counts for Google's APIs, allocates nothing to a call that it refuses (QuotaMode NORMAL).
    taken: end.kind === 'refused' ? others : [...others, { ...ended, isUnderWay: false, freedAt: now + WINDOW_MS }],
    project: afterEnd(state.project, ended, endFor('project', end), now, random),
    accounts: withAccount(state, { ...own, ...afterEnd(own, ended, endFor('account', end), now, random) }),
  }
}

/** What an end says of one of both limits: of the other one than that by which Google has refused the read, nothing. */
function endFor(limit: 'account' | 'project', end: ReadEnd): ReadEnd {
  return end.kind === 'refused' && (end.limit ?? 'account') !== limit ? { kind: 'unanswered' } : end
}

/**
 * Whether an account lets others of its project go first whose turn has come: those that read less in this window, and
 * whoever somebody waits for where nobody waits for this one. So where the project is the bound its accounts share it evenly.
 */
function givesWay(state: ReadState, own: AccountState, background: boolean, now: number): boolean {
  const readsOf = (account: string) => state.taken.filter((taken) => taken.account === account).length
  const goesFirst = ({ name, turn }: AccountState) =>
    turn !== undefined &&
    turn.due <= now &&
    (turn.background === background ? readsOf(name) < readsOf(own.name) : background)
  return state.accounts.some((other) => other.name !== own.name && goesFirst(other))
}

/** Whether the turn that is remembered will do: each change of it is a write. */
function isSameTurn(known: AccountState['turn'], turn: AccountState['turn']): boolean {
  if (known === undefined || turn === undefined) return known === turn
  return known.background === turn.background && Math.abs(known.due - turn.due) <= TURN_MS / 2
}

function accountOf({ accounts }: ReadState, name: string): AccountState {
  return accounts.find((account) => account.name === name) ?? { name, ...UNTHROTTLED }
}

function withAccount({ accounts }: ReadState, changed: AccountState): readonly AccountState[] {
  return [...accounts.filter(({ name }) => name !== changed.name), changed].slice(-ACCOUNTS_MOST)
}

/** Without what is over: reads that are free again, turns that nobody took, accounts of which nothing is left to know. */
export function readStateAsOf(state: ReadState, now: number): ReadState {
  const taken = stillTaken(state.taken, now)
  const reading = new Set(taken.map(({ account }) => account))
  const accounts = state.accounts.map((account) => withTurnAsOf(throttleAsOf(account, now), now))
  return {
    taken,
    project: throttleAsOf(state.project, now),
    accounts: accounts.filter(
      (account) => reading.has(account.name) || account.turn !== undefined || isRemembered(account, now),
    ),
  }
}

/** Whether nothing is left to know of a project, whose state is that of now. */
export function isForgotten({ taken, accounts, project }: ReadState, now: number): boolean {
  return taken.length === 0 && accounts.length === 0 && isQuiet(project, now)
}

function withTurnAsOf({ turn, ...account }: AccountState, now: number): AccountState {
  const isOver = turn === undefined || turn.due + TURN_MS <= now || turn.due > now + ABANDONED_MS
  return isOver ? account : { ...account, turn }
}

/** A pause after which nobody has come for so long says nothing any more. */
function isRemembered(throttle: Throttle, now: number): boolean {
  return !isQuiet(throttle, now) && throttle.pausedUntil + ABANDONED_MS > now
}
