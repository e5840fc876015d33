import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { checkedText } from './checked-text.ts'
import { durationMs } from './duration.ts'
import { expectation, expectBody, normalizeExpectations } from './expectation.ts'
import { listed } from './quoted-names.ts'
import { partOfSpreadsheet } from './spreadsheet-part.ts'
import { faultOfSpreadsheet, parseSpreadsheetReference } from './spreadsheet-reference.ts'
import { isOther, tabSelector } from './tab-selector.ts'
import { faultOfWebhookUrl } from './webhook-url.ts'

/** Formats whose files are text, written row by row. */
export const TEXT_FORMATS = ['json', 'ndjson', 'csv'] as const
export type TextFormat = (typeof TEXT_FORMATS)[number]

export const SNAPSHOT_FORMATS = [...TEXT_FORMATS, 'parquet'] as const
export type SnapshotFormat = (typeof SNAPSHOT_FORMATS)[number]

/** The spreadsheet of every example: public, and known to the emulator. */
export const SAMPLE_SPREADSHEET_ID = '1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms'

/** The credential that GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_API_KEY set. */
export const DEFAULT_CREDENTIAL = 'default'

/** What credentials may be called: names of files, without a path. */
export const CREDENTIAL_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/**
 * An e-mail address as Google Workspace has them: visible ASCII without quotes (RFC 5321, section 4.1.2), one `@`, and a
 * domain of dotted labels. Anything else might look like another person's, and PostgreSQL stores no NUL.
 */
const PERSON = /^[\w!#$%&'*+/=?^`{|}~.-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i

/** The request of a sync, every default filled in; what `request` shows on the wire. */
export const syncRequest = z
  .object({
    tabs: z.array(z.union([z.string(), z.number()])).nullable(),
    ranges: z.array(z.string()).nullable(),
    formats: z.array(z.enum(SNAPSHOT_FORMATS)),
    headerRow: z.number(),
    values: z.enum(['typed', 'formatted', 'formula']),
    dates: z.enum(['iso', 'serial']),
    csv: z.object({ injection: z.enum(['escape', 'raw']), bom: z.boolean() }),
    ifUnchanged: z.enum(['download', 'skip']),
    ifActive: z.enum(['join', 'start']),
    maxAge: z
      .string()
      .nullable()
      .default(null)
      .describe('With ifUnchanged "skip": the age from which a snapshot is old'),
    expect: z.array(expectation).default([]).describe('What must hold of the rows before they are published'),
    credential: z.string().default(DEFAULT_CREDENTIAL).describe('The name of the Google credential that reads'),
    actAs: z.string().nullable().default(null).describe('E-mail address of the person whom the credential acts for'),
  })
  .meta({ id: 'SyncRequest' })
export type SyncRequest = z.output<typeof syncRequest>

/** Body of `POST /syncs`. Unknown fields are refused by name. */
export const syncRequestBody = z
  .strictObject({
    spreadsheet: checkedText(faultOfSpreadsheet).describe(
      'A spreadsheet id, or any Google Sheets URL. The tab (gid, sheet) and the range that a URL names are downloaded when tabs and ranges are absent.',
    ),
    tabs: z
      .array(tabSelector)
      .min(1, 'must name at least one tab; leave it out for all of them')
      .max(2000, 'names more than 2,000 tabs')
      .optional()
      .describe('The tabs to download, by title or gid. Default: every grid tab.'),
    ranges: z
      .array(z.string().min(1, 'must not be empty').max(300, 'is longer than 300 characters'))
      .min(1, 'must name at least one range; leave it out for whole tabs')
      .max(500, 'names more than 500 ranges')
      .optional()
      .describe('A1 ranges (the tab by its title, or as gid:N) or named ranges, instead of tabs.'),
    formats: z
      .array(z.enum(SNAPSHOT_FORMATS))
      .min(1, 'must name at least one of json, ndjson and csv')
      .max(SNAPSHOT_FORMATS.length, 'names a format twice')
      .refine((formats) => new Set(formats).size === formats.length, 'names a format twice')
      .default(['json'])
      .describe('The file formats to write for each tab.'),
    headerRow: z
      .int('must be a whole number')
      .min(0, 'must be 0 (no header row) or a row number')
      .max(10_000_000, 'is higher than any row number')
      .default(1)
      .describe('The row number that names the columns; 0 = no header, rows are arrays.'),
    values: syncRequest.shape.values
      .default('typed')
      .describe('typed: numbers, booleans and text; formatted: as shown in Google Sheets; formula: the formulas.'),
    dates: syncRequest.shape.dates
      .default('iso')
      .describe('With values: typed. iso: 2024-01-31, 13:45:00, 2024-01-31T13:45:00; serial: days since 1899-12-30.'),
    csv: z
      .strictObject({
        injection: syncRequest.shape.csv.shape.injection
          .default('escape')
          .describe("escape: text that a spreadsheet program would run as a formula gets a leading ' in the CSV."),
        bom: z.boolean().default(false).describe('Begin the CSV with a UTF-8 byte order mark, which Excel wants.'),
      })
      .default({ injection: 'escape', bom: false })
      .describe('How CSV files are written.'),
    ifUnchanged: syncRequest.shape.ifUnchanged
      .default('download')
      .describe("skip: read no cells when Drive's version of the spreadsheet is that of the latest snapshot."),
    maxAge: z
      .string()
      .refine((text) => durationMs(text) !== undefined, 'must be a duration such as 30s, 5m, 2h or 1d')
      .optional()
      .describe(
        'With ifUnchanged "skip": download all the same when the latest snapshot is older than this (30s, 5m, 2h, 1d), as Drive does not see IMPORTRANGE, GOOGLEFINANCE or NOW move.',
      ),
    ifActive: syncRequest.shape.ifActive
      .default('join')
      .describe('join: answer with the active sync of the same request if there is one; start: always start another.'),
    expect: expectBody,
    // Without a default, so that the fingerprint of a body that does not name it is that of earlier releases.
    credential: z
      .string()
      .regex(CREDENTIAL_NAME, 'is no name of a credential: 1 to 64 of a-z 0-9 . _ -')
      .optional()
      .describe('The name of the Google credential to read with; GET /credentials lists them. Default: "default".'),
    actAs: z
      .string()
      .max(254, 'is longer than 254 characters')
      .regex(PERSON, 'is no e-mail address')
      .optional()
      .describe(
        'E-mail address of the person whom the credential acts for (domain-wide delegation), in a domain that GOOGLE_ACT_AS_DOMAINS names.',
      ),
    labels: z
      .record(
        z.string().regex(/^[A-Za-z0-9._-]{1,63}$/, 'has a name that is not 1 to 63 of A-Z a-z 0-9 . _ -'),
        z.string().max(255, 'is longer than 255 characters'),
      )
      .refine((labels) => Object.keys(labels).length <= 16, 'has more than 16 entries')
      .default({})
      .describe("Up to 16 short string pairs for the caller's own use."),
    webhook: z
      .strictObject({
        url: checkedText(faultOfWebhookUrl).describe(
          'An https URL on the public internet. It gets a signed POST (Standard Webhooks) when the sync ends.',
        ),
      })
      .optional()
      .describe(
        'Who is told when the sync ends. Only an active sync that tells the same URL is joined, so none is told in vain.',
      ),
  })
  .superRefine((body, context) => {
    if (body.maxAge !== undefined && body.ifUnchanged !== 'skip') {
      context.addIssue({
        code: 'custom',
        path: ['maxAge'],
        message: 'can only be used with ifUnchanged "skip"',
        params: { hint: 'Without it every sync downloads, however young the latest snapshot is.' },
      })
    }
    if (body.tabs !== undefined && body.ranges !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['ranges'],
        message: 'cannot be used together with tabs',
        params: { hint: 'Send either tabs or ranges.' },
      })
    }
    const reference = parseSpreadsheetReference(body.spreadsheet)
    if (body.tabs === undefined && body.ranges === undefined && 'fault' in reference && reference.fault !== undefined) {
      const { message, hint } = reference.fault
      context.addIssue({ code: 'custom', path: ['spreadsheet'], message, params: { hint } })
    }
    const { tabs } = partOfSpreadsheet(body, reference)
    if (tabs === undefined) return
    for (const [index, { tab }] of [body.expect ?? []].flat().entries()) {
      if (tab === undefined || !isOther(tab, tabs)) continue
      context.addIssue({
        code: 'custom',
        path: Array.isArray(body.expect) ? ['expect', index, 'tab'] : ['expect', 'tab'],
        message: 'is none of the tabs to download',
        params: { hint: `To download are ${listed(tabs)}.` },
      })
    }
  })
  .meta({
    id: 'SyncRequestBody',
    // A public sample of Google's, which the emulator's demo workbook stands in for: it runs as it stands on either.
    examples: [
      { spreadsheet: SAMPLE_SPREADSHEET_ID, formats: ['json', 'csv'] },
      {
        spreadsheet: `https://docs.google.com/spreadsheets/d/${SAMPLE_SPREADSHEET_ID}/edit#gid=0`,
        formats: ['ndjson'],
        headerRow: 1,
        values: 'formatted',
        ifActive: 'start',
        labels: { team: 'sales' },
      },
      { spreadsheet: SAMPLE_SPREADSHEET_ID, expect: { tab: 0, minRows: 1, minRowsRatio: 0.9 } },
    ],
  })

/** A body as it was sent: fields with defaults may be absent. */
export type SyncRequestInput = z.input<typeof syncRequestBody>
export type SyncRequestBody = z.output<typeof syncRequestBody>

/** Splits a checked body into the spreadsheet it names and the normalized request. */
export function normalizeRequest(body: SyncRequestBody): { spreadsheetId: string; request: SyncRequest } {
  const reference = parseSpreadsheetReference(body.spreadsheet)
  if ('message' in reference) throw new TypeError('normalizeRequest takes a body that was checked before')
  const { spreadsheet: _spreadsheet, labels: _labels, webhook: _webhook, ...rest } = body
  const { tabs: _tabs, ranges: _ranges, formats, expect, maxAge = null, ...others } = rest
  const { credential = DEFAULT_CREDENTIAL, actAs = null, ...fields } = others
  const part = partOfSpreadsheet(body, reference)
  return {
    spreadsheetId: reference.id,
    request: {
      tabs: part.tabs ?? null,
      ranges: part.ranges ?? null,
      formats: SNAPSHOT_FORMATS.filter((format) => formats.includes(format)),
      ...fields,
      maxAge,
      expect: normalizeExpectations(expect),
      credential,
      // One person, one spelling: joins, budgets and tokens are by it.
      actAs: actAs?.toLowerCase() ?? null,
    },
  }
}

/** Whether two requests ask for the same download; `ifActive` says when to start, not what to read. */
export function isSameDownload(one: SyncRequest, other: SyncRequest): boolean {
  return isDeepStrictEqual(one, { ...other, ifActive: one.ifActive })
}
