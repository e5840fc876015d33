/**
 * Settles as the work does. Calls `onChange` when it is still under way after `afterMs`, and once more when it has come to
 * its result; a failure is for whoever awaits it, as what hindered the work before is then not over. Rejects with what
 * `onChange` throws.
 */
export async function watchSlow<T>(work: Promise<T>, afterMs: number, onChange: (isSlow: boolean) => void): Promise<T> {
  let isSlow = false
  const failed = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    isSlow = true
    try {
      onChange(true)
    } catch (error) {
      // Thrown in a timer it would end the process.
      failed.reject(error)
    }
  }, afterMs)
  try {
    const result = await Promise.race([work, failed.promise])
    if (isSlow) onChange(false)
    return result
  } finally {
    clearTimeout(timer)
  }
}
