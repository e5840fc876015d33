import { isSyncId } from '../../../src/model/sync-id.ts'
import { Checks } from './checks.ts'
import { Random } from './random.ts'
import { DIRECTORY, SimulatedProcess } from './simulated-process.ts'
import { VirtualDisk } from './virtual-disk.ts'
import { type ProcessLife, World } from './world.ts'

/** Milliseconds of simulated trouble, and the most that everything may take to come to rest afterwards. */
const TROUBLE_MS = 45_000
const REST_MS = 3_600_000

export interface WorldReport {
  readonly violation: string | undefined
  readonly steps: number
  readonly syncs: number
}

/** Lets several processes live through a world of trouble that the seed chooses, then come to rest; tells what was broken. */
export async function runWorld(seed: number): Promise<WorldReport> {
  const random = new Random(seed)
  const world = new World(random)
  const checks = new Checks()
  const disk = new VirtualDisk(random, () => world.wall)
  const observable = !random.chance(0.1)
  const faults = random.pick([0, 0, 0.002, 0.02])
  let inTrouble = true
  let syncs = 0
  let names = 0
  const running: SimulatedProcess[] = []

  disk.onChange = (path) => {
    const id = idOf(path)
    if (id !== undefined) checks.recordChanged(id, disk.text(path))
  }

  function newId(): string {
    const tail = (++syncs).toString(16).padStart(12, '0')
    return `sync-${Math.floor(world.now).toString(16).padStart(8, '0')}-0000-7000-8000-${tail}`
  }

  function startProcess(): void {
    const life: ProcessLife = { name: `${++names}-1-1-boot`, alive: true, pausedUntil: 0 }
    const alive = () => new Set(running.map((process) => process.life.name))
    const process = new SimulatedProcess({
      world,
      disk,
      checks,
      random,
      life,
      processes: {
        self: life.name,
        isGone: (token) => observable && /^\d+-1-1-boot$/.test(token) && !alive().has(token),
        isOfThisBoot: (token) => !isBeforeCut(token),
      },
      newId,
      faultRate: () => (inTrouble ? faults : 0),
      onCall() {
        if (!inTrouble || !random.chance(0.01)) return
        const what = random.below(20)
        if (what === 0) cutPower()
        else if (what === 1) killAndReplace(process)
        else life.pausedUntil = world.now + random.pick([5, 50, 300, 5000])
      },
    })
    running.push(process)
    process.live().catch((error: unknown) => checks.complain(`a process ended by ${String(error)}`))
  }

  let firstAfterCut = 0
  function isBeforeCut(token: string): boolean {
    return Number.parseInt(token, 10) < firstAfterCut
  }

  function kill(process: SimulatedProcess): void {
    if (!running.includes(process)) return
    world.kill(process.life)
    running.splice(running.indexOf(process), 1)
  }

  function killAndReplace(process: SimulatedProcess): void {
    kill(process)
    startProcess()
  }

  function cutPower(): void {
    for (const process of [...running]) kill(process)
    firstAfterCut = names + 1
    disk.cutPower()
    const paths = disk.names(DIRECTORY).filter((name) => idOf(`${DIRECTORY}/${name}`) !== undefined)
    checks.powerCut(new Map(paths.map((name) => [name.slice(0, -'.json'.length), disk.text(`${DIRECTORY}/${name}`)])))
    startProcess()
  }

  function makeTrouble(): void {
    const process = running.length === 0 ? undefined : random.pick(running)
    const what = random.below(16)
    if (what === 0) {
      cutPower()
    } else if (what < 5) {
      if (process !== undefined) kill(process)
      startProcess()
    } else if (what < 7) {
      if (running.length < 4) startProcess()
    } else if (what < 9) {
      world.setWall(random.pick([600_000, -3_600_000, 31_000, -500]))
    } else if (process !== undefined) {
      process.life.pausedUntil = world.now + random.pick([10, 300, 5000, 40_000])
    }
  }

  const troubleMaker: ProcessLife = { name: 'trouble', alive: true, pausedUntil: 0 }
  async function trouble(): Promise<void> {
    while (world.now < TROUBLE_MS) {
      await world.wait(troubleMaker, random.below(6000))
      makeTrouble()
    }
    inTrouble = false
    world.settleWall()
    if (running.length === 0) startProcess()
    for (const process of running) process.quieten()
  }

  for (let count = 1 + random.below(3); count > 0; count--) startProcess()
  trouble().catch((error: unknown) => checks.complain(`the trouble maker met ${String(error)}`))
  const rested = await world.run(
    () => checks.violation !== undefined || (!inTrouble && leftovers().length === 0),
    TROUBLE_MS + REST_MS,
  )
  if (!rested) checks.complain(`it never came to rest: ${leftovers().join(', ')}`)
  return { violation: checks.violation?.message, steps: world.steps, syncs }

  function leftovers(): readonly string[] {
    const folders = ['', '/.tmp', '/.claims', '/.leases', '/quarantine'].map((folder) => `${DIRECTORY}${folder}`)
    return folders
      .flatMap((folder) => disk.names(folder).map((name) => `${folder}/${name}`))
      .filter((path) => !path.endsWith('/.created'))
  }
}

function idOf(path: string): string | undefined {
  const name = path.startsWith(`${DIRECTORY}/`) ? path.slice(DIRECTORY.length + 1) : ''
  const id = name.endsWith('.json') ? name.slice(0, -'.json'.length) : ''
  return isSyncId(id) ? id : undefined
}
