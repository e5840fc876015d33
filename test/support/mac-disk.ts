import { nodeFiles } from '../../src/disk/node-file-system.ts'
import type { FileIdentity, FileSystem } from '../../src/ports/file-system.ts'
import { foldedNames } from './folded-names.ts'

/**
 * The real disk below `root` as macOS has it: names that differ by case, or by how accents are composed, are the same.
 * Times are APFS's, or in whole seconds as HFS+ has them.
 */
export function macDisk(root: string, { times = 'fine' }: { readonly times?: 'fine' | 'coarse' } = {}): FileSystem {
  // fsync takes most of the time, and nothing is cut off here.
  const files = { ...nodeFiles({ ntfs: false }), sync: async () => {} }
  const disk = foldedNames(files, root, (name) => name.normalize('NFD').toLowerCase())
  if (times === 'fine') return disk
  const coarse = <T extends FileIdentity>(identity: T): T => ({
    ...identity,
    bornMicros: wholeSeconds(identity.bornMicros),
    modifiedMicros: wholeSeconds(identity.modifiedMicros),
  })
  return {
    ...disk,
    read: async (path, position) => {
      const { bytes, identity } = await disk.read(path, position)
      return { bytes, identity: coarse(identity) }
    },
    readNow: (path) => {
      const { bytes, identity } = disk.readNow(path)
      return { bytes, identity: coarse(identity) }
    },
    stat: async (path) => {
      const found = await disk.stat(path)
      return found && coarse(found)
    },
    identify: (path) => {
      const found = disk.identify(path)
      return found && coarse(found)
    },
    identifyOpen: (descriptor) => coarse(disk.identifyOpen(descriptor)),
  }
}

function wholeSeconds(micros: number): number {
  return Math.floor(micros / 1_000_000) * 1_000_000
}
