import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { onStopRequest } from '../src/stop-request.ts'
import { type Emulator, startEmulator } from './emulator.ts'
import { syntheticWorkbook, type Workbook } from './workbook.ts'

const USAGE = `node emulator/main.ts [options]: a stand-in for Google Sheets, Drive and OAuth tokens

  --port 4010                port to listen on; 0 takes a free one
  --host 127.0.0.1           address to listen on
  --folder DIR               folder of workbooks (default: emulator/workbooks)
  --latency MS               base time of each answer
  --per-cell-us N            time added for each cell
  --quota N                  reads in any 60 s before 429
  --synthetic ID:ROWSxCOLS   one more workbook, generated as it is read; may repeat
  --gzip                     compress answers, as Google does
  --push-origin URL          where notifications of changes go, in place of the origin of a channel's address
  --require-auth             ask for a token or API key`

/** A number from the command line; throws where the text is none. */
function count(name: string, text: string): number {
  const value = Number(text)
  if (text === '' || !Number.isFinite(value) || value < 0)
    throw new TypeError(`--${name} wants a number, not '${text}'`)
  return value
}

function synthetic(text: string): Workbook {
  const [, id, rows, columns] = /^([\w-]{1,128}):([1-9]\d*)x([1-9]\d*)$/.exec(text) ?? []
  if (id === undefined) throw new TypeError(`--synthetic wants ID:ROWSxCOLS, such as big:100000x10, not '${text}'`)
  return syntheticWorkbook({ id, rows: Number(rows), columns: Number(columns) })
}

function greeting({ rootUrl, workbooks }: Emulator): string {
  const width = Math.max(0, ...workbooks.map(({ id }) => id.length))
  const [first] = workbooks
  return [
    `Google Sheets emulator: GOOGLE_API_ROOT_URL=${rootUrl}`,
    ...workbooks.map(
      ({ id, title }) => `  ${id.padEnd(width)}  https://docs.google.com/spreadsheets/d/${id}/edit  ${title}`,
    ),
    ...(first
      ? [`try: curl "${rootUrl}v4/spreadsheets/${first.id}/values/A1:E5?valueRenderOption=UNFORMATTED_VALUE"`]
      : []),
    '',
  ].join('\n')
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4010' },
      host: { type: 'string', default: '127.0.0.1' },
      folder: { type: 'string', default: join(import.meta.dirname, 'workbooks') },
      latency: { type: 'string', default: '0' },
      'per-cell-us': { type: 'string', default: '0' },
      quota: { type: 'string' },
      synthetic: { type: 'string', multiple: true, default: [] },
      'push-origin': { type: 'string' },
      gzip: { type: 'boolean', default: false },
      'require-auth': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  const emulator = await startEmulator({
    folder: values.folder,
    workbooks: values.synthetic.map(synthetic),
    port: count('port', values.port),
    host: values.host,
    latency: { baseMs: count('latency', values.latency), perCellUs: count('per-cell-us', values['per-cell-us']) },
    ...(values.quota !== undefined && { quota: { readsPerMinute: count('quota', values.quota) } }),
    ...(values['push-origin'] !== undefined && { pushOrigin: values['push-origin'] }),
    gzip: values.gzip,
    requireAuth: values['require-auth'],
  })
  onStopRequest(process.env.npm_lifecycle_script, () => void emulator.close())
  process.stdout.write(greeting(emulator))
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}\n`)
  process.exitCode = 1
}
