import { Transform, type TransformCallback } from 'node:stream'

/** Columns that TAP indents a subtest by (TAP 14, "Subtests"). */
const STEP = 4

/** TAP with one line for each file that passed and its skips, and everything of what failed but for the parts that passed. */
export class BriefTap extends Transform {
  #rest = ''
  /** Lines of the file under way that may yet be shown. */
  #held: string[] = []
  /** The subtests that have not ended yet, outermost first; `start` is their first line in what is held. */
  readonly #open: { readonly depth: number; readonly start: number }[] = []
  readonly #failed: string[] = []

  override _transform(chunk: Buffer | string, _encoding: BufferEncoding, done: TransformCallback): void {
    const lines = (this.#rest + String(chunk)).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#take(line)
    done()
  }

  override _flush(done: TransformCallback): void {
    if (this.#rest !== '') this.#take(this.#rest)
    this.#show()
    for (const title of this.#failed) this.push(`# failed: ${title}\n`)
    done()
  }

  #take(line: string): void {
    if (line === '') return
    const text = line.trimStart()
    const depth = line.length - text.length
    if (text.startsWith('# Subtest: ')) this.#open.push({ depth, start: this.#held.length })
    const [, not, title] = /^(not )?ok \d+ ?(?:- )?(.*)$/.exec(text) ?? []
    const isResult = title !== undefined && depth % STEP === 0
    const hasPassed = isResult && not === undefined
    if (isResult && this.#open.at(-1)?.depth === depth) {
      const start = this.#open.pop()?.start ?? 0
      if (hasPassed) this.#held.push(...this.#held.splice(start).filter(isSkipped))
    }
    if (!hasPassed || depth === 0 || isSkipped(line)) this.#held.push(line)
    if (depth > 0 || this.#open.length > 0) return
    this.#show()
    if (isResult && !hasPassed) this.#failed.push(title.replace(/ # time=.*$/, ''))
  }

  #show(): void {
    for (const line of this.#held.splice(0)) this.push(`${line}\n`)
  }
}

function isSkipped(line: string): boolean {
  return /^ *(?:not )?ok .* # (?:SKIP|TODO)\b/i.test(line)
}
