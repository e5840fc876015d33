/** Runs the task for every item, at most `atATime` of them side by side. Rejects with the first failure and starts no more. */
export async function eachOf<T>(
  items: Iterable<T>,
  atATime: number,
  task: (item: T) => Promise<unknown>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failed = false
  async function work(): Promise<void> {
    for (let next = iterator.next(); !failed && next.done !== true; next = iterator.next()) {
      try {
        await task(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
}
