import type { Log } from '../ports/log.ts'

/** The parts of a beat of a `ChangeWatcher` that fail each by itself. */
export type BeatStep = 'storage' | 'list' | 'ask'

/** Logs what hinders finding out changes when it begins, when it is another, and when it is over. */
export class BeatFaults {
  readonly #log: Log
  readonly #credential: string
  /** The code of what each step failed with the last time. */
  readonly #codes = new Map<BeatStep, string>()

  constructor(log: Log, credential: string) {
    this.#log = log
    this.#credential = credential
  }

  begin(step: BeatStep, code: string, error: unknown): void {
    const isKnown = this.#codes.get(step) === code
    this.#codes.set(step, code)
    if (isKnown) return
    const fields = { credential: this.#credential, code, err: error }
    this.#log.warn(fields, 'changes of spreadsheets cannot be found out; it is tried again')
  }

  end(step: BeatStep): void {
    if (this.#codes.delete(step))
      this.#log.info({ credential: this.#credential }, 'changes of spreadsheets can be found out again')
  }

  endAll(): void {
    for (const step of [...this.#codes.keys()]) this.end(step)
  }
}
