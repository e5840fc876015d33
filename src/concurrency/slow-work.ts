/** Settles as the work does. Calls `onChange` when it is still under way after `afterMs`, and once more when that is over. */
export async function watchSlow<T>(work: Promise<T>, afterMs: number, onChange: (isSlow: boolean) => void): Promise<T> {
  let isSlow = false
  const timer = setTimeout(() => {
    isSlow = true
    onChange(true)
  }, afterMs)
  try {
    return await work
  } finally {
    clearTimeout(timer)
    if (isSlow) onChange(false)
  }
}
