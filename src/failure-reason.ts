/** Causes that are followed at most; one may be its own. */
const DEPTH = 5

/**
 * Whether an error was foreseen: it has a code, of this service or of the system, that says what is to be done. `INTERNAL` and
 * Node's `ERR_…` are faults of the program, for which one needs the stack.
 */
export function isExpected(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false
  return error.code !== 'INTERNAL' && !error.code.startsWith('ERR_')
}

/** What an error says and what its causes add, on one line, without a full stop. */
export function reasonOf(error: unknown): string {
  const parts: string[] = []
  for (const said of chainOf(error).map(ownWordsOf)) if (!parts.some((part) => part.includes(said))) parts.push(said)
  return parts.map((part) => part.replace(/\.$/, '')).join(': ')
}

/** What the last of its causes says: the same for all who meet the same fault. */
export function rootReasonOf(error: unknown): string {
  return ownWordsOf(chainOf(error).at(-1))
}

function chainOf(error: unknown): unknown[] {
  const chain = [error]
  for (let at = error; at instanceof Error && at.cause !== undefined && chain.length < DEPTH; at = at.cause) {
    chain.push(at.cause)
  }
  return chain
}

function ownWordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Connecting to a name of several addresses fails with an AggregateError that says nothing itself.
  if (error.message === '' && error instanceof AggregateError) return error.errors.map(ownWordsOf).join(', ')
  return error.message.trim().replaceAll(/\s*[\r\n]+\s*/g, ' ') || error.name
}
