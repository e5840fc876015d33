import { signal } from '@preact/signals'

/** Whether a media query holds, kept up to date. */
function media(query: string) {
  const list = matchMedia(query)
  const holds = signal(list.matches)
  list.addEventListener('change', () => {
    holds.value = list.matches
  })
  return holds
}

/** Whether list and sync stand side by side. */
export const isWide = media('(min-width: 1080px)')
