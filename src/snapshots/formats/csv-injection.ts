/**
 * What a spreadsheet program may run when it opens the file (OWASP, "CSV Injection": equals, plus, minus, at, tab, carriage
 * return, line feed, and the full-width forms that some locales take for them; NUL by its ASVS, 1.2.10). Programs look past
 * a byte order mark and blanks.
 */
const RUNS = /^(?:[\t\r\n\0]|[\s\0]*[=+\-@＝＋－＠])/

/** Blanks, and the marks that right-to-left locales put around a number. */
const BLANK = String.raw`[\p{Zs}\u200e\u200f\u061c]`

/** Grouped by thousands, or by lakhs and crores. */
const GROUPED = String.raw`\p{Nd}{1,3}(?<mark>[.,'’٬\p{Zs}])(?:\p{Nd}{2,3}\k<mark>)*\p{Nd}{3}`
const DECIMAL = String.raw`(?:(?:${GROUPED}|\p{Nd}+)(?:[.,٫]\p{Nd}*)?|[.,٫]\p{Nd}+)(?:[Ee][+-]?\p{Nd}+)?`
const MIXED_FRACTION = String.raw`\p{Nd}+\p{Zs}\p{Nd}+[/⁄]\p{Nd}+`
const CLOCK = String.raw`\p{Nd}+(?::\p{Nd}{2}){1,2}(?:[.,]\p{Nd}+)?`

/** A code or a short name such as `CHF`, `kr` or `zł`. No reference to a cell, for it has no digit. */
const NAME = String.raw`\p{L}[\p{L}\p{M}.]{0,4}`
/** A name stands off from its digits: `-USD5`, and even `-US$5`, would be a cell of column US or USD. */
const CURRENCY_BEFORE = String.raw`(?:\p{Sc}${BLANK}*|${NAME}\p{Sc}?${BLANK}+)`
const UNIT_AFTER = String.raw`${BLANK}*(?:[%‰٪]|\p{Sc}|[\p{L}°][\p{L}\p{M}.²³]{0,4})`

/**
 * A number as spreadsheets show one: a sign, digits with or without marks, an exponent or a clock, a currency before or
 * after, a percent sign or a unit. As a formula none of it names a cell or a function, joins two numbers by an operator, or reaches
 * outside, so there is nothing that anybody could run. A dash among blanks is the zero of accountants.
 */
const SHOWN_NUMBER = new RegExp(
  `^${BLANK}*(?:[+-]${BLANK}*${CURRENCY_BEFORE}?(?:${DECIMAL}|${MIXED_FRACTION}|${CLOCK})(?:${UNIT_AFTER})?${BLANK}*|-${BLANK}+)$`,
  'u',
)

/**
 * Whether text needs an apostrophe before it, which makes it text to a spreadsheet program. `mayBeNumber`: numbers come as
 * the text that is shown, and those need none.
 */
export function needsApostrophe(text: string, mayBeNumber: boolean): boolean {
  return RUNS.test(text) && !(mayBeNumber && SHOWN_NUMBER.test(text))
}

/** Whether text whose first bytes (UTF-8, no control characters) are these may need one; a quick look that may say so in vain. */
export function mayNeedApostrophe(first = 0, second = 0): boolean {
  switch (first) {
    case 0x20: // blank
    case 0x2b: // +
    case 0x2d: // -
    case 0x3d: // =
    case 0x40: // @
    case 0xef: // full-width forms, byte order mark
      return true
    case 0xc2: // no-break space
      return second === 0xa0
    case 0xe1: // Ogham space
      return second === 0x9a
    case 0xe2: // General Punctuation, whose spaces these are
      return second === 0x80 || second === 0x81
    case 0xe3: // ideographic space
      return second === 0x80
    default:
      return false
  }
}
