import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Figures, runContestant, startEmulatorProcess } from './processes.ts'

/** How often each contestant runs; the best run counts, as everything else is the machine's other work. */
const RUNS = Number(process.env.BENCH_RUNS ?? 3)

const say = (line: string) => process.stdout.write(`${line}\n`)
const folder = await mkdtemp(join(tmpdir(), 'bench-workbooks-'))
await mkdir(join(folder, 'sixty'))
const tabs = Array.from({ length: 60 }, (_, gid) => ({
  gid,
  title: `Tab ${gid}`,
  synthetic: { rows: 200, columns: 8, kind: 'mixed' },
}))
await writeFile(join(folder, 'sixty', 'workbook.json'), JSON.stringify({ id: 'sixty', title: 'Sixty', tabs }))
const emulator = await startEmulatorProcess([
  ...['--folder', folder, '--synthetic', 'small:1000x10'],
  ...['--synthetic', 'million:100000x10', '--synthetic', 'ten-million:1000000x10'],
])
const { rootUrl } = emulator
try {
  await calls()
  await cpu('serial')
  await cpu('iso')
  await memory()
  await emulator.tell('latency', { baseMs: 250, perCellUs: 4 })
  await time('typed')
  await time('formatted')
} finally {
  await emulator.stop()
  await rm(folder, { recursive: true })
}

/** Processor time beside a loop over the raw client that makes the same calls and writes the same file. */
async function cpu(dates: 'iso' | 'serial'): Promise<void> {
  const contest = { rootUrl, spreadsheet: 'million', values: 'typed', dates }
  await emulator.tell('reset')
  const ours = [await runContestant('sheetsync', contest)]
  const calls = await readsMade()
  const raw = [await runContestant('raw-googleapis', { ...contest, calls })]
  while (ours.length < RUNS) {
    ours.push(await runContestant('sheetsync', contest))
    raw.push(await runContestant('raw-googleapis', { ...contest, calls }))
  }
  const [mine, other] = [best(ours, 'cpuMs'), best(raw, 'cpuMs')]
  sameFile(mine, other)
  say(
    `cpu, 1M cells, dates ${dates}: ${line(mine)} | raw googleapis ${line(other)} | ratio ${(mine.cpuMs / other.cpuMs).toFixed(2)} (at most 1.25)`,
  )
}

async function memory(): Promise<void> {
  const contest = { rootUrl, values: 'typed', dates: 'iso' }
  const one = await runContestant('sheetsync', { ...contest, spreadsheet: 'million' })
  const ten = await runContestant('sheetsync', { ...contest, spreadsheet: 'ten-million' })
  say(
    `peak memory: ${one.peakRssMb.toFixed(0)} MB at 1M cells (at most 220), ${ten.peakRssMb.toFixed(0)} MB at 10M: ratio ${(ten.peakRssMb / one.peakRssMb).toFixed(2)} (at most 1.15); 10M took ${line(ten)}`,
  )
}

/** Time at Google's pace, beside the library most used for this, for the same file. */
async function time(values: 'typed' | 'formatted'): Promise<void> {
  const contest = { rootUrl, spreadsheet: 'million', values, dates: 'iso' }
  const ours: Figures[] = []
  const theirs: Figures[] = []
  while (ours.length < RUNS) {
    ours.push(await runContestant('sheetsync', contest))
    theirs.push(await runContestant('google-spreadsheet', contest))
  }
  const [mine, other] = [best(ours, 'ms'), best(theirs, 'ms')]
  sameFile(mine, other)
  say(
    `time, 1M cells, values ${values}, at 250 ms + 4 µs a cell: ${line(mine)} | google-spreadsheet ${line(other)} | ${(other.ms / mine.ms).toFixed(2)} times faster${values === 'typed' ? ' (at least 3)' : ''}`,
  )
}

/** Calls for the same tabs: ours, a `values.get` for each tab, google-spreadsheet. */
async function calls(): Promise<void> {
  for (const spreadsheet of ['sixty', 'million']) {
    const contest = { rootUrl, spreadsheet, values: 'typed', dates: 'iso' }
    const reads: number[] = []
    for (const name of ['sheetsync', 'values-get', 'google-spreadsheet']) {
      await emulator.tell('reset')
      await runContestant(name, { ...contest, ...(name === 'google-spreadsheet' && { values: 'formatted' }) })
      const made = (await emulator.ask('calls')) as { kind: string; spreadsheetId: string }[]
      reads.push(made.filter((call) => call.spreadsheetId === spreadsheet && call.kind !== 'files.get').length)
    }
    const limit = spreadsheet === 'sixty' ? 4 : 12
    say(
      `reads, ${spreadsheet === 'sixty' ? '60 tabs of 200 × 8' : 'one tab of 100,000 × 10'}: ${reads[0]} with dates (at most ${limit}) | a values.get for each tab, dates as numbers: ${reads[1]} | google-spreadsheet, values as shown: ${reads[2]}`,
    )
  }
}

async function readsMade(): Promise<{ ranges: string[]; dates: string }[]> {
  const calls = (await emulator.ask('calls')) as { kind: string; spreadsheetId: string; query: unknown }[]
  return calls
    .filter(({ kind, spreadsheetId }) => kind === 'values.batchGet' && spreadsheetId === 'million')
    .map(({ query }) => {
      const asked = new URLSearchParams(query as never)
      return { ranges: asked.getAll('ranges'), dates: asked.get('dateTimeRenderOption') ?? '' }
    })
    .sort((one, other) => firstRow(one.ranges) - firstRow(other.ranges))
}

/** Calls side by side arrive in any order. */
function firstRow([range = '']: readonly string[]): number {
  return Number(/(\d+):/.exec(range)?.[1] ?? 0)
}

function best(figures: readonly Figures[], by: 'cpuMs' | 'ms'): Figures {
  return figures.reduce((one, other) => (other[by] < one[by] ? other : one))
}

function sameFile(one: Figures, other: Figures): void {
  if (one.sha256 !== other.sha256) throw new Error(`the files differ: ${one.bytes} and ${other.bytes} bytes`)
}

function line({ ms, cpuMs, peakRssMb, bytes }: Figures): string {
  return `${(ms / 1000).toFixed(2)} s, ${(cpuMs / 1000).toFixed(2)} s of processor, ${peakRssMb.toFixed(0)} MB, file of ${(bytes / 1e6).toFixed(1)} MB`
}
