import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, writeFileSync } from 'node:fs'

// Opens every status in a folder again and again, as an editor or a virus scanner would, until the folder holds a file
// `stop`; then writes what it saw into the file that it was given.
const [folder = '', report = ''] = process.argv.slice(2)
const faults = new Set<string>()
let reads = 0
const revisions = new Set<string>()

while (!existsSync(`${folder}/../stop`)) {
  for (const name of readdirSync(folder).filter((one) => /^sync-.*\.json$/.test(one))) {
    try {
      const { id, revision } = JSON.parse(readSlowly(`${folder}/${name}`)) as { id: string; revision: number }
      if (`${id}.json` !== name) faults.add(`${name} holds ${id}`)
      revisions.add(`${id} ${revision}`)
      reads += 1
    } catch (error) {
      // Deleted between the listing and the opening, as happens to any reader of a folder.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') faults.add(`${name}: ${error}`)
    }
  }
  pause(4)
}
writeFileSync(report, JSON.stringify({ reads, revisions: revisions.size, faults: [...faults] }))

/** Holds the file open for some milliseconds: a replacement then finds it in use. */
function readSlowly(path: string): string {
  const descriptor = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(fstatSync(descriptor).size)
    const half = readSync(descriptor, bytes, 0, bytes.length >> 1, 0)
    pause(4)
    readSync(descriptor, bytes, half, bytes.length - half, half)
    return bytes.toString()
  } finally {
    closeSync(descriptor)
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
