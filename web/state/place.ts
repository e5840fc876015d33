import { computed, signal } from '@preact/signals'
import { addressOf, type Place, placeOf } from './address.ts'

const search = signal(location.search)

/** What is shown: the query of the address, read. */
export const place = computed(() => placeOf(search.value))

/** Shows another place; the one that is left is one step back in the browser. `replace`: it is not, as while somebody types. */
export function go(to: Place, { replace = false } = {}): void {
  const address = addressOf(to)
  if (address === addressOf(place.peek())) return
  history[replace ? 'replaceState' : 'pushState'](null, '', address)
  search.value = location.search
}

/** Has links within the page followed without loading it anew, and the browser's back and forward obeyed. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    search.value = location.search
  })
  addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || link.hash !== '' || link.target !== '' || link.hasAttribute('download')) return
    if (link.origin !== location.origin || link.pathname !== location.pathname) return
    event.preventDefault()
    go(placeOf(link.search))
  })
}
