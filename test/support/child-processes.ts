import { readdir, readFile } from 'node:fs/promises'

/** Processes that a process has started and that still run (Linux). */
export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''))
  return (await Promise.all(lists)).flatMap((list) => list.split(' ').filter(Boolean).map(Number))
}

/** Megabytes in a field of `/proc/PID/status`, such as VmRSS or VmHWM; `undefined` once the process is gone. */
export async function memoryMb(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
}

/** The most megabytes that a process and those that it starts had while the work was under way. */
export async function peaksWhile(pid: number, work: () => Promise<unknown>): Promise<{ own: number; child: number }> {
  let child = 0
  const look = setInterval(async () => {
    for (const id of await childrenOf(pid)) child = Math.max(child, (await memoryMb(id, 'VmHWM')) ?? 0)
  }, 100)
  try {
    await work()
  } finally {
    clearInterval(look)
  }
  return { own: (await memoryMb(pid, 'VmHWM')) ?? 0, child }
}
