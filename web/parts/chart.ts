import { html } from './html.ts'

interface ChartProps {
  readonly title: string
  /** Its newest value, in words. */
  readonly value: string
  /** Milliseconds and values, oldest first. */
  readonly points: readonly (readonly [at: number, value: number])[]
  /** A line that the values are held against, and what it is. */
  readonly limit?: { readonly value: number; readonly label: string } | undefined
}

const WIDTH = 240
const HEIGHT = 56

/** One line over time, small, without axes: its title and its newest value say what they would. */
export function Chart({ title, value, points, limit }: ChartProps) {
  const [first = 0] = points[0] ?? []
  const [last = 1] = points.at(-1) ?? []
  const top = Math.max(1, limit?.value ?? 0, ...points.map(([, each]) => each)) * 1.08
  const x = (at: number) => round(((at - first) / Math.max(1, last - first)) * WIDTH)
  const y = (each: number) => round(HEIGHT - (each / top) * HEIGHT)
  const line = points.map(([at, each]) => `${x(at)} ${y(each)}`).join('L')
  return html`<figure class="chart">
    <figcaption><span>${title}</span><strong>${value}</strong></figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`${title}: ${value}`}>
      <path class="area" d=${`M${x(first)} ${HEIGHT}L${line}L${x(last)} ${HEIGHT}z`} />
      <path class="line" d=${`M${line}`} />
      ${limit && html`<path class="limit" d=${`M0 ${y(limit.value)}H${WIDTH}`} />`}
    </svg>
    ${limit && html`<p class="note">${limit.label}</p>`}
  </figure>`
}

const round = (value: number) => Math.round(value * 10) / 10
