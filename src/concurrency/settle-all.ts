/** Waits until all work has settled, then resolves to the results or rejects with the first failure in the list. */
export async function settleAll<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work)
  return Promise.all(work)
}
