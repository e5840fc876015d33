import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ListedSync } from '../state/listed-sync.ts'
import { go, place } from '../state/place.ts'
import { filters } from '../state/syncs.ts'

interface ListKeysOptions {
  readonly all: readonly ListedSync[]
  /** The row that the keyboard is on. */
  readonly active: string | undefined
  /** Rows that a page has. */
  readonly pageRows: number
}

/** What keys do in the list: arrows, j and k move, Home and End go to its ends, Enter opens. */
export function listKeys({ all, active, pageRows }: ListKeysOptions) {
  return (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const index = all.findIndex(({ id }) => id === active)
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      j: index + 1,
      ArrowUp: index - 1,
      k: index - 1,
      PageDown: index + pageRows,
      PageUp: index - pageRows,
      Home: 0,
      End: all.length - 1,
    }
    const to = steps[event.key]
    if (to !== undefined) moveTo(all[Math.max(0, Math.min(all.length - 1, to))]?.id)
    else if (event.key === 'Enter' && active !== undefined) showSync(active)
    else return
    event.preventDefault()
  }
}

/** The row that the keyboard is on. */
export const activeRow = signal<string | undefined>(undefined)

/** The row that is to have the focus once it is drawn. */
export const rowToFocus = signal<string | undefined>(undefined)

function moveTo(id: string | undefined): void {
  activeRow.value = id
  rowToFocus.value = id
}

/** Has a key do something wherever the focus is, as long as nobody types and no dialog is open. */
export function useKeys(press: (event: KeyboardEvent) => void): void {
  const latest = useRef(press)
  latest.current = press
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (document.querySelector('dialog[open]') !== null) return
      if (isTyped(event.target)) {
        // Escape leaves the field first.
        if (event.key === 'Escape') event.target.blur()
      } else latest.current(event)
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
}

/** `/` searches, Escape closes the sync that is open. */
export function pageKeys(event: KeyboardEvent): void {
  if (event.key === 'Escape') closeSync()
  if (event.key !== '/') return
  document.getElementById('search')?.focus()
  event.preventDefault()
}

/** Shows a sync beside the list. */
export function showSync(id: string): void {
  activeRow.value = id
  go({ view: 'syncs', filters: filters.peek(), sync: id })
}

/** Closes the sync that is open, and leaves the keyboard on its row. */
export function closeSync(): void {
  const { value } = place
  if (value.view !== 'syncs' || value.sync === undefined) return
  const { sync, ...list } = value
  moveTo(sync)
  go(list)
}

function isTyped(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLElement && target.matches('input, textarea, select')
}
