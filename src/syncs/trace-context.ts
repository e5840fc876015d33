/** `traceparent` of W3C Trace Context, section 3.2: version, trace id, parent id, flags. */
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(-.*)?$/

/**
 * The header if it is valid, otherwise `undefined`: one that is not is to be ignored, not refused (section 3.2.2.5 and
 * 4.3). Of later versions only the part that version 00 knows is kept.
 */
export function parseTraceparent(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 512) return undefined
  const [, version, traceId, parentId, more] = TRACEPARENT.exec(header.trim()) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId ?? '') || /^0+$/.test(parentId ?? '')) return undefined
  return header.trim().slice(0, 55)
}

/** What a line of the log carries of the trace that a sync belongs to. */
export function traceFields({ traceparent }: { readonly traceparent?: string | null | undefined }): object {
  return typeof traceparent === 'string' ? { traceId: traceparent.slice(3, 35) } : {}
}
