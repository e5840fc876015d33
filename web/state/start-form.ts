import type { SyncRequestBody } from '../../client/src/types.ts'

/** What the form of a start holds, as it was typed. */
export interface StartForm {
  readonly spreadsheet: string
  /** A title on each line, or `gid:N`. */
  readonly tabs: string
  readonly ranges: string
  readonly formats: readonly string[]
  readonly headerRow: string
  readonly values: string
  readonly dates: string
  readonly injection: string
  readonly bom: boolean
  readonly ifUnchanged: string
  readonly maxAge: string
  readonly ifActive: string
  /** `name=value` on each line. */
  readonly labels: string
  readonly webhook: string
  /** JSON. */
  readonly expect: string
  readonly credential: string
  readonly actAs: string
}

/** The API's defaults. */
export const EMPTY_FORM: StartForm = {
  spreadsheet: '',
  tabs: '',
  ranges: '',
  formats: ['json'],
  headerRow: '1',
  values: 'typed',
  dates: 'iso',
  injection: 'escape',
  bom: false,
  ifUnchanged: 'download',
  maxAge: '',
  ifActive: 'join',
  labels: '',
  webhook: '',
  expect: '',
  credential: 'default',
  actAs: '',
}

/** What is at fault with a field, and how to mend it: as the service says it. */
export interface FieldFault {
  readonly field: string
  readonly message: string
  readonly hint?: string | undefined
}

/** The body of `POST /syncs`: what differs from the defaults, and nothing else. Its own faults are those that JSON cannot bear. */
export function bodyOf(form: StartForm): { readonly body: SyncRequestBody; readonly faults: readonly FieldFault[] } {
  const faults: FieldFault[] = []
  const { spreadsheet, tabs, ranges, formats, headerRow, injection, bom, labels, webhook, expect } = form
  const changed = (name: 'values' | 'dates' | 'ifUnchanged' | 'maxAge' | 'ifActive' | 'credential' | 'actAs') =>
    form[name].trim() === EMPTY_FORM[name] ? {} : { [name]: form[name].trim() }
  const body = {
    spreadsheet: spreadsheet.trim(),
    ...(linesOf(tabs).length > 0 && { tabs: linesOf(tabs).map(tabOf) }),
    ...(linesOf(ranges).length > 0 && { ranges: linesOf(ranges) }),
    ...(String(formats) !== String(EMPTY_FORM.formats) && { formats }),
    ...(headerRow.trim() !== EMPTY_FORM.headerRow && { headerRow: Number(headerRow) }),
    ...changed('values'),
    ...changed('dates'),
    ...csvOf(injection, bom),
    ...changed('ifUnchanged'),
    ...changed('maxAge'),
    ...changed('ifActive'),
    ...changed('credential'),
    ...changed('actAs'),
    ...(linesOf(labels).length > 0 && { labels: Object.fromEntries(linesOf(labels).map(pairOf)) }),
    ...(webhook.trim() !== '' && { webhook: { url: webhook.trim() } }),
    ...(expect.trim() !== '' && expectOf(expect, faults)),
  }
  return { body: body as SyncRequestBody, faults }
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}

function tabOf(line: string): string | number {
  const gid = /^gid:(\d{1,10})$/.exec(line)?.[1]
  return gid === undefined ? line : Number(gid)
}

function pairOf(line: string): [name: string, value: string] {
  const at = line.indexOf('=')
  return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
}

function csvOf(injection: string, bom: boolean) {
  if (injection === EMPTY_FORM.injection && !bom) return {}
  return { csv: { ...(injection !== EMPTY_FORM.injection && { injection }), ...(bom && { bom }) } }
}

function expectOf(text: string, faults: FieldFault[]) {
  try {
    return { expect: JSON.parse(text) }
  } catch (error) {
    const hint = 'Write an object such as {"minRows": 1}, or a list of them.'
    faults.push({ field: 'expect', message: `is not JSON: ${(error as Error).message}`, hint })
    return {}
  }
}

/** The faults of a field, and of what is in it: `tabs[1]` is one of `tabs`. */
export function faultsOf(faults: readonly FieldFault[], name: string): FieldFault[] {
  return faults.filter(({ field }) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`))
}

/** The command that starts the same sync from a shell. A key or token stands in it as a variable, and never as it is. */
export function curlOf(body: object, base: string, hasKey: boolean, hasToken = false): string {
  return [
    `curl -X POST ${base}/syncs`,
    ...(hasKey ? ['-H "Authorization: Bearer $SHEETSYNC_KEY"'] : []),
    ...(hasToken ? ['-H "X-Google-Access-Token: $GOOGLE_TOKEN"'] : []),
    "-H 'Content-Type: application/json'",
    `-d '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`,
  ].join(' \\\n  ')
}
