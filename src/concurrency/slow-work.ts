/**
 * Settles as the work does. Calls `onChange` when it is still under way after `afterMs`, and once more when it has come to
 * its result; a failure is for whoever awaits it, as what hindered the work before is then not over.
 */
export async function watchSlow<T>(work: Promise<T>, afterMs: number, onChange: (isSlow: boolean) => void): Promise<T> {
  let isSlow = false
  const timer = setTimeout(() => {
    isSlow = true
    onChange(true)
  }, afterMs)
  try {
    const result = await work
    if (isSlow) onChange(false)
    return result
  } finally {
    clearTimeout(timer)
  }
}
