/** Does it with the first call, whose result serves all others too; what fails, as for want of open files, is done again. */
export function onceDone<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined
  return async () => {
    done ??= work()
    try {
      return await done
    } catch (error) {
      done = undefined
      throw error
    }
  }
}
