/** What stands where a secret stood. */
export const REDACTED = '[redacted]'

/** Characters below which a remembered secret is too common a word to be looked for. */
const LEAST_CHARACTERS = 6

/**
 * Forms that only credentials have, wherever they come from; what gives a secret away before it is kept by looking back.
 * The text may be JSON, in which the letter of an escape stands right before them, and a backslash behind them is that of
 * the next escape.
 */
const FORMS = [
  // Private keys in PEM (RFC 7468), as they stand or escaped in JSON, and cut off too.
  /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"]*?-----END [A-Z ]*PRIVATE KEY-----|(?:\\+[nr]|[\w+/=\s])*)/,
  // Google: API keys, access tokens, refresh tokens, client secrets, signed assertions and other JWTs.
  /AIza[\w-]{20,}/,
  /(?:\b|(?<=\\[nrt]))AQ\.[\w-]{20,}/,
  /ya29\.[\w.-]+/,
  /(?:\b|(?<=\\[nrt]))1\/\/0[\w-]{20,}/,
  /GOCSPX-[\w-]{10,}/,
  /(?:\b|(?<=\\[nrt]))eyJ[\w-]{8,}\.eyJ[\w-]+(?:\.[\w-]*)?/,
  // API keys and webhook secrets of this service.
  /ssk_[\w-]+/,
  /whsec_[\w+/=-]+/,
  /(?<=[?&](?:key|access_token|assertion|refresh_token|client_secret)=)[^&\s"'\\]+/,
  /(?<=bearer\s{1,9})[^\s"',\\]+/,
  // The password of a URL (RFC 3986, section 3.2.1).
  /(?<=:\/\/[^\s/:@"']{0,200}:)[^\s/"']+(?=@)/,
]
const SECRET_FORM = new RegExp(FORMS.map(({ source }) => source).join('|'), 'gi')

/** A run of base64 or base64url, which may be wrapped into lines, escaped in JSON or not. */
const BASE64 = /(?<!\\)[\w+/-]{12,}(?:(?:\\[rn]|[\r\n])+[\w+/-]{8,})*/g
const LINE_BREAKS = /\\[rn]|[\r\n]/

/** By their source; those without one are kept. */
const remembered = new Map<string | undefined, Set<string>>()
let rememberedForm: RegExp | undefined

/**
 * Has {@link redact} find these values wherever they turn up from now on, in this whole process: as they stand, escaped in
 * JSON or in a URL, in base64, and each line of them. Values of fewer than 6 characters are not looked for. `source`: where
 * they are from, if that changes; those that came from there before are forgotten.
 */
export function rememberSecrets(secrets: Iterable<string | undefined>, source?: string): void {
  const forms = new Set(source === undefined ? remembered.get(source) : undefined)
  for (const line of [...secrets].flatMap((secret) => secret?.split(LINE_BREAKS) ?? [])) {
    if (line.length < LEAST_CHARACTERS || line.startsWith('-----')) continue
    for (const form of [line, JSON.stringify(line).slice(1, -1), encodeURIComponent(line)]) forms.add(form)
  }
  remembered.set(source, forms)
  const longestFirst = [...remembered.values()].flatMap((each) => [...each]).sort((a, b) => b.length - a.length)
  rememberedForm = longestFirst.length === 0 ? undefined : new RegExp(longestFirst.map(escapeForRegExp).join('|'), 'g')
}

/**
 * The text without credentials: those that were remembered, whatever looks like one, and base64 of either. For text that
 * others have written (Google's messages, vendors' errors) and for log lines; never for rows, which are the user's.
 */
export function redact(text: string): string {
  const plain = text.replace(SECRET_FORM, REDACTED)
  const known = rememberedForm === undefined ? plain : plain.replace(rememberedForm, REDACTED)
  return known.replace(BASE64, (run) => (hidesSecret(run) ? REDACTED : run))
}

/** Whether a run is base64 of a secret. Where the base64 begins in it is not known, so each of the four places is tried. */
function hidesSecret(run: string): boolean {
  const characters = run.replaceAll(/\\[rn]|[\r\n]/g, '')
  return [0, 1, 2, 3].some((at) => {
    const decoded = Buffer.from(characters.slice(at), 'base64').toString('latin1')
    return decoded.search(SECRET_FORM) !== -1 || (rememberedForm !== undefined && decoded.search(rememberedForm) !== -1)
  })
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
