import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** What every contestant is told. */
export interface Contest {
  readonly rootUrl: string
  readonly spreadsheet: string
  readonly values: 'typed' | 'formatted'
  readonly dates: 'iso' | 'serial'
  /** Calls to make, for those that do not plan their own: the ranges and options of each. */
  readonly calls?: readonly { readonly ranges: readonly string[]; readonly dates: string }[]
}

/**
 * Runs a download into a folder of its own and prints what it took; the download resolves to its file. A small one goes
 * before it, for a service has long been started when it downloads.
 */
export async function compete(download: (contest: Contest, directory: string) => Promise<string>): Promise<void> {
  const contest = JSON.parse(process.argv[2] ?? '{}') as Contest
  const directory = await mkdtemp(join(tmpdir(), 'bench-'))
  try {
    const { calls: _calls, ...small } = contest
    await download({ ...small, spreadsheet: 'small' }, await mkdtemp(join(directory, 'small-')))
    const before = process.cpuUsage()
    const started = performance.now()
    const file = await download(contest, directory)
    const ms = performance.now() - started
    const { user, system } = process.cpuUsage(before)
    const peakRssMb = process.resourceUsage().maxRSS / 1024
    const hash = createHash('sha256')
    await pipeline(createReadStream(file), hash)
    const { size: bytes } = await stat(file)
    const figures = { ms, cpuMs: (user + system) / 1000, peakRssMb, bytes, sha256: hash.digest('hex') }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
  } finally {
    await rm(directory, { recursive: true })
  }
}
