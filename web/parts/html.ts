import htm from 'htm'
import { type ComponentChild, h, type VNode } from 'preact'

/** Markup as a tagged template: what stands in `${}` is text, an attribute, a component or children, and never HTML. */
export const html = htm.bind(h) as unknown as (
  strings: TemplateStringsArray,
  ...values: readonly unknown[]
) => VNode<Record<string, unknown>>

export type Child = ComponentChild
