import type { Body } from '../../ports/sheet-source.ts'
import { NUMBER, TEXT } from '../../sheets/value-scanner.ts'
import { readAnswer } from './answer.ts'
import type { BadAnswer, CodecTask, EncodeResult, MaskResult, Part, ResultOf, ScanResult } from './block-task.ts'
import { encodePiece } from './encode-piece.ts'
import { surveyRows } from './survey.ts'

/**
 * Reads the answer of one `values:batchGet` and does with it what the task says. A pure function, so that it can run
 * on any thread; what is wrong with the answer is a result, as errors lose their class between threads.
 */
export function runCodec<Task extends CodecTask>(task: Task): ResultOf<Task>
export function runCodec(task: CodecTask): ResultOf<CodecTask> {
  switch (task.kind) {
    case 'scan':
      return scan(task)
    case 'mask':
      return mask(task)
    case 'encode':
      return encode(task)
  }
}

function scan({ body, parts }: { readonly body: Body; readonly parts: readonly Part[] }): ScanResult | BadAnswer {
  const numberColumns = parts.map((): boolean[] => [])
  const bad = readAnswer(body, parts, (index, scanner) => {
    const found = numberColumns[index] ?? []
    scanner.beginRows()
    while (scanner.nextRow()) {
      for (let column = 0; scanner.nextCell(); column += 1) if (scanner.kind === NUMBER) found[column] = true
    }
  })
  return bad ?? { kind: 'scanned', body, numberColumns: numberColumns.map(columnsOf) }
}

function mask({ body, parts }: { readonly body: Body; readonly parts: readonly Part[] }): MaskResult | BadAnswer {
  const isText = parts.map(({ area }) => {
    return new Uint8Array((area.endRow - area.startRow) * (area.endColumn - area.startColumn))
  })
  const bad = readAnswer(body, parts, (index, scanner) => {
    const { area } = parts[index] ?? {}
    const flags = isText[index]
    if (area === undefined || flags === undefined) return
    const columns = area.endColumn - area.startColumn
    scanner.beginRows()
    for (let row = 0; scanner.nextRow(); row += 1) {
      for (let column = 0; scanner.nextCell(); column += 1) {
        if (scanner.kind === TEXT) flags[row * columns + column] = 1
      }
    }
  })
  return bad ?? { kind: 'masked', body, isText }
}

function encode(task: Extract<CodecTask, { kind: 'encode' }>): EncodeResult | BadAnswer {
  const { body, parts } = task
  const surveys = parts.map((piece) => surveyRows(piece))
  const bad = readAnswer(body, parts, (index, scanner) => {
    const piece = parts[index]
    if (piece !== undefined) surveys[index] = surveyRows(piece, scanner)
  })
  if (bad !== undefined) return bad
  const short = surveys.find(({ excess }) => excess !== undefined)?.excess
  if (short !== undefined) return { kind: 'bad', fault: 'incomplete', message: short }
  const unmasked = surveys.map((survey) => survey.unmasked)
  if (unmasked.some((columns) => columns.length > 0)) return { kind: 'unmasked', body, numberColumns: unmasked }
  const pieces = parts.map((piece, index) => encodePiece(task, piece, surveys[index] ?? surveyRows(piece)))
  return { kind: 'encoded', body, spare: task.spare, pieces }
}

/** The indexes of what is true. */
function columnsOf(flags: readonly boolean[]): number[] {
  return Array.from(flags.keys()).filter((column) => flags[column])
}
