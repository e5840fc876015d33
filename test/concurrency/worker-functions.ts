// What test/concurrency/worker-pool.test.ts has done by worker threads.

export function double({ n }: { readonly n: number }) {
  return { n: 2 * n }
}

export function refuse(_: object): object {
  throw new RangeError('this is refused')
}

/** Ends its thread, as a native crash or too little memory would. */
export function die(_: object): object {
  process.exit(1)
}

/** Hands the same buffer back in two views. */
export function share({ bytes }: { readonly bytes: Uint8Array }) {
  return { one: bytes.subarray(0, 2), other: bytes.subarray(2) }
}
