import { readFile, rm, truncate, writeFile } from 'node:fs/promises'

/** Ways in which the file of a table comes to be of no use, by name. */
export async function waysToBreak(file: string): Promise<Readonly<Record<string, () => Promise<unknown>>>> {
  const whole = await readFile(file)
  return {
    'cut off': () => truncate(file, 20_000),
    empty: () => truncate(file, 0),
    'something else': () => writeFile(file, 'x'.repeat(100_000)),
    'overwritten in the middle': () =>
      writeFile(file, Buffer.from(whole).fill(0, whole.length / 2, whole.length - 5000)),
    gone: () => rm(file),
  }
}
