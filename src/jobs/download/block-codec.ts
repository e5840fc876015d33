import type { Rectangle } from '../../sheets/a1.ts'
import { isSameRange } from '../../sheets/a1.ts'
import type { BadAnswer, CodecTask, MaskResult, Part, ResultOf, ScanResult } from './block-task.ts'
import { encodeBlock } from './encode-block.ts'
import { columnsOf, type Rows } from './rows.ts'

interface Answer {
  readonly valueRanges?: readonly { readonly range?: string; readonly values?: Rows }[]
}

/**
 * Reads the answer of one `values:batchGet` and does with it what the task says. A pure function, so that it can run
 * on any thread; what is wrong with the answer is a result, as errors lose their class between threads.
 */
export function runCodec<Task extends CodecTask>(task: Task): ResultOf<Task>
export function runCodec(task: CodecTask): ResultOf<CodecTask> {
  const ranges = readRanges(task.body, task.parts)
  if (!Array.isArray(ranges)) return ranges
  switch (task.kind) {
    case 'scan':
      return scan(task.body, ranges)
    case 'mask':
      return mask(task.parts, ranges)
    case 'encode':
      return encodeBlock(task, ranges)
  }
}

/** The rows of each part, or why they cannot be trusted to be all that was asked for. */
function readRanges(body: ArrayBuffer, parts: readonly Part[]): Rows[] | BadAnswer {
  let answer: Answer
  try {
    answer = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Answer
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      return { kind: 'bad', fault: 'garbled', message: 'The answer is not the JSON that Google sends.' }
    }
    throw error
  }
  const ranges = answer.valueRanges ?? []
  if (ranges.length !== parts.length) {
    return incomplete(`Google answered ${ranges.length} ranges where ${parts.length} were asked for.`)
  }
  const rows: Rows[] = []
  for (const [index, { title, area }] of parts.entries()) {
    const { range = '', values = [] } = ranges[index] ?? {}
    if (!isSameRange(range, title, area)) {
      return incomplete(`Google answered ${range} where ${describe(title, area)} was asked for.`)
    }
    if (values.length > area.endRow - area.startRow) {
      return incomplete(`Google answered more rows of ${range} than there are.`)
    }
    rows.push(values)
  }
  return rows
}

function incomplete(message: string): BadAnswer {
  return { kind: 'bad', fault: 'incomplete', message }
}

function describe(title: string, { startRow, endRow, startColumn, endColumn }: Rectangle): string {
  return `rows ${startRow + 1} to ${endRow} and columns ${startColumn + 1} to ${endColumn} of "${title}"`
}

function scan(body: ArrayBuffer, ranges: readonly Rows[]): ScanResult {
  const numberColumns = ranges.map((rows) => {
    const found: boolean[] = []
    for (const row of rows) {
      for (let column = 0; column < row.length; column += 1) {
        if (typeof row[column] === 'number') found[column] = true
      }
    }
    return columnsOf(found)
  })
  return { kind: 'scanned', body, numberColumns }
}

function mask(parts: readonly Part[], ranges: readonly Rows[]): MaskResult {
  const isText = parts.map(({ area }, index) => {
    const columns = area.endColumn - area.startColumn
    const flags = new Uint8Array((area.endRow - area.startRow) * columns)
    for (const [at, row] of (ranges[index] ?? []).entries()) {
      for (let column = 0; column < row.length; column += 1) {
        const value = row[column]
        if (typeof value === 'string' && value !== '') flags[at * columns + column] = 1
      }
    }
    return flags
  })
  return { kind: 'masked', isText }
}
