/** Browsers draw nothing beyond some ten millions of pixels; a scroll area is never taller. */
const TALLEST_PX = 8_000_000

export interface RowWindow {
  /** Pixels of the area that is scrolled. */
  readonly areaPx: number
  /** The rows to draw: from `first` to before `end`. */
  readonly first: number
  readonly end: number
  /** Pixels from the top of the area to the first row that is drawn. */
  readonly offsetPx: number
}

interface RowGeometry {
  readonly count: number
  readonly rowPx: number
  /** Pixels that are seen at once. */
  readonly viewPx: number
}

/** Rows beyond both edges that are drawn, so that a scroll shows no gap. */
const OVERSCAN = 6

/** Which of many rows of one height are to be drawn. Beyond TALLEST_PX, a scrolled pixel stands for several. */
export function rowWindow(scrollTop: number, { count, rowPx, viewPx }: RowGeometry): RowWindow {
  const totalPx = count * rowPx
  const areaPx = Math.min(totalPx, TALLEST_PX)
  const top = Math.max(0, scrollTop) * scaleOf({ count, rowPx, viewPx })
  const first = Math.max(0, Math.min(count, Math.floor(top / rowPx)) - OVERSCAN)
  const end = Math.min(count, Math.ceil((top + viewPx) / rowPx) + OVERSCAN)
  return { areaPx, first, end, offsetPx: Math.max(0, scrollTop) - top + first * rowPx }
}

/** Where to scroll so that a row is seen whole, moving as little as that needs. */
export function scrollTopFor(index: number, scrollTop: number, geometry: RowGeometry): number {
  const { rowPx, viewPx } = geometry
  const scale = scaleOf(geometry)
  const top = scrollTop * scale
  if (index * rowPx < top) return (index * rowPx) / scale
  if ((index + 1) * rowPx > top + viewPx) return ((index + 1) * rowPx - viewPx) / scale
  return scrollTop
}

function scaleOf({ count, rowPx, viewPx }: RowGeometry): number {
  const totalPx = count * rowPx
  return totalPx <= TALLEST_PX ? 1 : (totalPx - viewPx) / (TALLEST_PX - viewPx)
}
