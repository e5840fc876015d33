import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { performance } from 'node:perf_hooks'
import { exists, statField, tryProc } from './proc.ts'

/** What this machine tells of its processes. */
export interface ProcessTable {
  readonly pid: number
  /** When this process began, as `startOf` would tell another one. */
  readonly start: string
  /** Where its pid means something, and until when: `A-Za-z0-9` in two parts with a `-` between them, the boot last. */
  readonly place: string
  /** Whether pids of that place are pids of this one. */
  isHere(place: string): boolean
  isOfThisBoot(place: string): boolean
  /** `undefined` when there is no such process, or the machine does not tell. */
  startOf(pid: number): string | undefined
  /** Whether any process has the pid; true also when that cannot be known. */
  exists(pid: number): boolean
}

/** The table of this machine. */
export const processTable: ProcessTable = tableOfProc() ?? tableOfPids()

/** Linux: start times in clock ticks (proc(5), field 22 of `/proc/pid/stat`), within a pid namespace and a boot. */
function tableOfProc(): ProcessTable | undefined {
  const namespace = tryProc(() => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0')
  const boot = tryProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))?.replace(/[^0-9a-f]/g, '')
  const start = startInProc('self')
  if (!namespace || !boot || !start) return undefined
  const place = `${namespace}-${boot.slice(0, 16)}`
  return {
    pid: process.pid,
    start,
    place,
    isHere: (other) => other === place,
    isOfThisBoot: (other) => other.split('-').at(-1) === boot.slice(0, 16),
    startOf: startInProc,
    exists,
  }
}

function startInProc(pid: number | 'self'): string | undefined {
  return statField(pid, 22)
}

/** Seconds that the boot may seem to move by as the wall clock is set; a machine takes longer to boot twice. */
const BOOT_TOLERANCE = 30

/** What the tests replace of {@link tableOfPids}. */
export interface PidFacts {
  readonly pid: number
  readonly start: string
  readonly host: string
  /** In seconds since 1970. */
  readonly bootedAt: number
  exists(pid: number): boolean
}

/**
 * macOS and Windows tell no start times without a child process. A pid that somebody has may be that of its first owner
 * or have been given out again, so it proves nothing; one that nobody has does, and so does our own with another start. A
 * boot is known by its time, which the wall clock and the uptime tell with some error.
 */
export function tableOfPids(facts: PidFacts = ownFacts()): ProcessTable {
  const host = Buffer.from(facts.host).toString('hex').slice(0, 32)
  const isHere = (place: string) => {
    const [otherHost, boot] = place.split('-')
    return otherHost === host && Math.abs(Number(boot) - facts.bootedAt) <= BOOT_TOLERANCE
  }
  return {
    pid: facts.pid,
    start: facts.start,
    place: `${host}-${facts.bootedAt}`,
    isHere,
    isOfThisBoot: isHere,
    startOf: (pid) => (pid === facts.pid ? facts.start : undefined),
    exists: facts.exists,
  }
}

function ownFacts(): PidFacts {
  return {
    pid: process.pid,
    start: performance.timeOrigin.toFixed(),
    host: hostname(),
    bootedAt: Math.round(Date.now() / 1000 - uptime()),
    exists,
  }
}
