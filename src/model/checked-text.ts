import { z } from 'zod'
import type { TextFault } from './text-fault.ts'

/** A text of at most 2,048 characters in which `faultOf` finds no fault. */
export function checkedText(faultOf: (text: string) => TextFault | undefined) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(2048, 'is longer than 2,048 characters')
    .superRefine((text, context) => {
      const fault = faultOf(text)
      if (fault !== undefined) {
        context.addIssue({ code: 'custom', message: fault.message, params: { hint: fault.hint } })
      }
    })
}
