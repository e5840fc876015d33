import type { Model } from './linearizability.ts'

/** A version of a sync: its revision, and a text that no other write has. */
export interface Version {
  readonly revision: number
  readonly token: string
}

export type StorageCall =
  | { readonly kind: 'create'; readonly version: Version }
  | { readonly kind: 'get' }
  | { readonly kind: 'replace'; readonly version: Version; readonly expected: number }
  | { readonly kind: 'remove'; readonly expected: number }

/** `get`: what it found; the others: whether they took effect. */
export type StorageAnswer = { readonly found: Version | null } | { readonly done: boolean }

/** What the port `SyncStorage` promises of one id. */
export const syncModel: Model<Version | null, StorageCall, StorageAnswer> = {
  initial: null,
  next(state, call, answer) {
    if (call.kind === 'get') {
      if (answer === undefined) return { state }
      return 'found' in answer && answer.found?.token === state?.token && answer.found?.revision === state?.revision
        ? { state }
        : undefined
    }
    const takesEffect = call.kind === 'create' ? state === null : state?.revision === call.expected
    if (answer !== undefined && !('done' in answer && answer.done === takesEffect)) return undefined
    if (!takesEffect) return { state }
    return { state: call.kind === 'remove' ? null : call.version }
  },
  keyOf: (state) => (state === null ? '' : `${state.revision} ${state.token}`),
}
