import { html } from './html.ts'

interface BarProps {
  /** 0 to 100; `undefined`: it goes on, and nobody knows how far it is. */
  readonly percent: number | undefined
  /** What it measures, for who does not see it. */
  readonly label: string
  readonly state: string
}

/** How far something is. */
export function Bar({ percent, label, state }: BarProps) {
  const isKnown = percent !== undefined
  return html`<span
    class=${isKnown ? 'meter' : 'meter unknown'}
    data-state=${state}
    role="progressbar"
    aria-label=${label}
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${isKnown ? Math.floor(percent) : undefined}
  ><span style=${isKnown ? { transform: `scaleX(${percent / 100})` } : undefined}></span></span>`
}
