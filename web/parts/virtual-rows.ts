import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { type Child, html } from './html.ts'
import { type RowWindow, rowWindow, scrollTopFor } from './window.ts'

interface VirtualRowsProps {
  readonly count: number
  /** One row; `index` counts from 0. */
  readonly row: (index: number) => Child
  /** The rows that are drawn; called when they change, as to load what is missing. */
  readonly onWindow?: (window: RowWindow) => void
  /** The row to scroll to when it changes: where the keyboard is. */
  readonly shown?: number | undefined
  readonly class?: string
}

const ROW_PX = 36

/**
 * The rows of a table, scrolled in a box of their own: however many there are, only those in sight are drawn. All are as high
 * as the styles say by `--row-px`.
 */
export function VirtualRows({ count, row, onWindow, shown, class: name = '' }: VirtualRowsProps) {
  const element = useRef<HTMLDivElement>(null)
  const scrollTop = useSignal(0)
  const size = useSignal({ viewPx: 600, rowPx: ROW_PX })
  const geometry = { count, ...size.value }
  const window = rowWindow(scrollTop.value, geometry)
  useLayoutEffect(() => {
    const { current } = element
    if (current === null) return
    const measure = () => {
      const rowPx = Number.parseFloat(getComputedStyle(current).getPropertyValue('--row-px')) || ROW_PX
      size.value = { viewPx: current.clientHeight, rowPx }
    }
    const observer = new ResizeObserver(measure)
    observer.observe(current)
    measure()
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    const { current } = element
    if (current === null || shown === undefined || shown < 0) return
    current.scrollTop = scrollTopFor(shown, current.scrollTop, geometry)
  }, [shown])
  useEffect(() => onWindow?.(window), [window.first, window.end, count])
  const rows = Array.from({ length: Math.max(0, window.end - window.first) }, (_, index) => row(window.first + index))
  const follow = (event: Event) => {
    const to = (event.currentTarget as HTMLElement).scrollTop
    const next = rowWindow(to, geometry)
    if (next.first !== window.first || next.end !== window.end || next.offsetPx !== window.offsetPx)
      scrollTop.value = to
  }
  return html`<div ref=${element} class=${`scroller ${name}`} role="rowgroup" onScroll=${follow}>
    <div role="none" class="scroll-area" style=${{ height: `${window.areaPx}px` }}>
      <div role="none" style=${{ transform: `translateY(${window.offsetPx}px)` }}>${rows}</div>
    </div>
  </div>`
}
