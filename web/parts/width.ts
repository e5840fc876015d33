import { signal } from '@preact/signals'

/** Whether a media query holds, kept up to date. */
export function media(query: string) {
  const list = matchMedia(query)
  const holds = signal(list.matches)
  list.addEventListener('change', () => {
    holds.value = list.matches
  })
  return holds
}

/** Whether list and sync stand side by side. */
export const isWide = media('(min-width: 1080px)')
/** Whether a table has no room for its columns, and shows each row on two lines. */
export const isNarrow = media('(max-width: 719px)')
