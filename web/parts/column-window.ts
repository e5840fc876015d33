/** Where each column begins, and where the last one ends. */
export function columnStarts(widths: readonly number[]): number[] {
  const starts = [0]
  for (const width of widths) starts.push((starts.at(-1) ?? 0) + width)
  return starts
}

/** Which columns are in sight, from `first` to before `end`; at least one where there are any. */
export function columnWindow(
  starts: readonly number[],
  leftPx: number,
  viewPx: number,
): { readonly first: number; readonly end: number } {
  const last = starts.length - 1
  const first = Math.min(Math.max(0, last - 1), lastAtOrBefore(starts, Math.max(0, leftPx)))
  return { first, end: Math.min(last, lastAtOrBefore(starts, leftPx + viewPx) + 1) }
}

/** Where to scroll so that a column is seen whole, moving as little as that needs; its beginning, where it is wider than all. */
export function scrollLeftFor(starts: readonly number[], index: number, leftPx: number, viewPx: number): number {
  const [start = 0, end = 0] = [starts[index], starts[index + 1]]
  if (start < leftPx || end - start > viewPx) return start
  return end > leftPx + viewPx ? end - viewPx : leftPx
}

function lastAtOrBefore(starts: readonly number[], px: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= px) low = middle
    else high = middle - 1
  }
  return low
}
