import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { html } from '../parts/html.ts'
import { Notice } from '../parts/notice.ts'
import type { Place } from '../state/address.ts'

interface LaterProps {
  readonly load: () => Promise<ComponentType<never>>
  readonly place: Place
}

/** A view whose modules are loaded now. */
export function Later({ load, place }: LaterProps) {
  const view = useSignal<{ readonly component?: ComponentType<never>; readonly failed?: true }>({})
  useEffect(() => {
    load().then(
      (component) => (view.value = { component }),
      () => (view.value = { failed: true }),
    )
  }, [])
  const { component, failed } = view.value
  if (component !== undefined) return html`<${component} place=${place} />`
  if (!failed) return html`<p class="quiet-state" role="status">Loading …</p>`
  return html`<${Notice} kind="fault" title="This part of the page cannot be loaded" isUrgent>
    <p class="hint">The service may have another release by now, or does not answer: load the page anew.</p>
    <p><button type="button" onClick=${() => location.reload()}>Load the page anew</button></p>
  <//>`
}
