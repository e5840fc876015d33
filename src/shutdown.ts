/** Closes the parts of the service one after the other, in the order given. */
export class Shutdown {
  readonly #parts: readonly { readonly name: string; close(): Promise<void> }[]
  #closing: string | undefined

  /** Each part lets go of what it holds; `name` is what the log calls it. */
  constructor(parts: readonly { readonly name: string; close(): Promise<void> }[]) {
    this.#parts = parts
  }

  /** The part that is being closed now: what holds up a stop that hangs. */
  get closing(): string | undefined {
    return this.#closing
  }

  /** Closes every part, those after one that fails too; rejects at the end with an AggregateError of all failures. */
  async close(): Promise<void> {
    const failures: Error[] = []
    for (const { name, close } of this.#parts) {
      this.#closing = name
      try {
        await close()
      } catch (cause) {
        failures.push(new Error(`${name} could not be closed`, { cause }))
      }
    }
    this.#closing = undefined
    if (failures.length > 0) throw new AggregateError(failures, 'not every part of the service could be closed')
  }
}
