// Nothing else in `src/` asks which system it runs on.

export const isWindows = process.platform === 'win32'

/** On Linux a priority belongs to a thread (sched(7)); elsewhere to the whole process. */
export const hasThreadPriorities = process.platform === 'linux'
