import type { IncomingHttpHeaders } from 'node:http'
import fresh from 'fresh'

/** What shows whether a representation is the one that a client has (RFC 9110, section 8.8). */
export type Validators = {
  /** A strong one. */
  readonly etag: string
  /** An HTTP date, which has whole seconds. */
  readonly 'last-modified'?: string
}

/** The ETag of a revision of a sync. */
export function revisionETag({ revision }: { readonly revision: number }): string {
  return `"${revision}"`
}

/**
 * The revisions that an `If-Match` header names; `undefined` when it sets no condition. Weak tags never match
 * (RFC 9110, section 13.1.1), so they name none.
 */
export function ifMatchRevisions(header: string | undefined): number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  return tagsIn(header).flatMap((tag) => {
    const revision = /^"(\d{1,15})"$/.exec(tag)?.[1]
    return revision === undefined ? [] : [Number(revision)]
  })
}

/**
 * Whether the client has this already, so that 304 is its answer (RFC 9110, sections 13.1.2, with weak comparison, and
 * 13.1.3). `Cache-Control` has no say: fetch adds no-cache to a request whose caller sets a condition of their own.
 */
export function isNotModified(headers: IncomingHttpHeaders, validators: Validators): boolean {
  const { 'if-none-match': noneMatch, 'if-modified-since': modifiedSince } = headers
  // What nearly every poll sends; If-Modified-Since has no say beside it (RFC 9110, section 13.1.3).
  if (noneMatch === validators.etag) return true
  return fresh({ 'if-none-match': noneMatch, 'if-modified-since': modifiedSince }, validators)
}

/** RFC 9110, sections 13.1.1 (strong comparison) and 13.1.4, in the order of section 13.2.2. */
export function failsPrecondition(headers: IncomingHttpHeaders, validators: Required<Validators>): boolean {
  const match = headers['if-match']
  if (match !== undefined) return !tagsIn(match).some((tag) => tag === validators.etag || tag === '*')
  return Date.parse(validators['last-modified']) > Date.parse(headers['if-unmodified-since'] ?? '')
}

/**
 * Whether a `Range` is to be honoured as far as `If-Range` has a say (RFC 9110, section 13.1.5): a tag must match
 * strongly; a date exactly, and it must be old enough to be a strong validator.
 */
export function passesIfRange(headers: IncomingHttpHeaders, validators: Required<Validators>): boolean {
  const condition = headers['if-range']
  if (condition === undefined || condition === validators.etag) return true
  const modified = Date.parse(validators['last-modified'])
  return Date.parse(String(condition)) === modified && Date.now() - modified > 1000
}

function tagsIn(header: string): string[] {
  return header.split(',').map((tag) => tag.trim())
}
