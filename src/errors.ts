/**
 * Every failure this service can name. The HTTP status, the title, whether trying again can help, and a standing hint
 * live in this one table and nowhere else; the detail is written where the fault is seen.
 */
export const ERROR_TABLE = {
  // What is wrong with a request.
  VALIDATION_FAILED: entry(400, 'The request is not valid', {
    hint: 'errors[] names each field at fault; GET /docs describes them all.',
  }),
  BODY_NOT_JSON: entry(400, 'The body is not JSON', {
    hint: 'Send a JSON object, such as {"spreadsheet":"<id or URL>"}.',
  }),
  PAGE_TOKEN_INVALID: entry(400, 'The page token is not valid', {
    hint: 'Use nextPageToken of the previous page as it stands, with the same filters.',
  }),
  BODY_TOO_LARGE: entry(413, 'The body is too large', { hint: 'Name fewer tabs, ranges or labels.' }),
  MEDIA_TYPE_UNSUPPORTED: entry(415, 'The media type is not supported', {
    hint: 'Send the body as JSON with the header "Content-Type: application/json".',
  }),
  ROUTE_NOT_FOUND: entry(404, 'There is no such address', { hint: 'GET /docs lists every address of this service.' }),
  METHOD_NOT_ALLOWED: entry(405, 'The method is not allowed here', {
    hint: 'The Allow header lists what this address takes.',
  }),
  NOT_ACCEPTABLE: entry(406, 'No such representation'),
  PRECONDITION_FAILED: entry(412, 'It has changed since', { hint: 'GET it again and use its current ETag.' }),
  RANGE_NOT_SATISFIABLE: entry(416, 'The byte range lies outside the file'),

  REQUEST_MALFORMED: entry(400, 'The request cannot be understood'),
  REQUEST_TIMEOUT: retryable(408, 'The request took too long to arrive'),
  HEADERS_TOO_LARGE: entry(431, 'The headers are too large', {
    hint: 'Path, query and headers may have 16 KiB at most together.',
  }),

  // What a caller may not do, or not now.
  API_KEY_MISSING: entry(401, 'An API key is needed', { hint: 'Send the header "Authorization: Bearer <API key>".' }),
  API_KEY_INVALID: entry(401, 'The API key is not known', {
    hint: 'Check that the key is whole, and that its entry is in API_KEYS, or in the file API_KEYS_FILE.',
  }),
  API_KEY_SCOPE: entry(403, 'The API key may not do this'),
  SPREADSHEET_NOT_ALLOWED: entry(403, 'The API key may not read this spreadsheet', {
    hint: 'Add the id to the spreadsheets of the entry of this key (in API_KEYS, or in the file API_KEYS_FILE), or use another key.',
  }),
  CREDENTIAL_NOT_ALLOWED: entry(403, 'The API key may not use this credential', {
    hint: 'GET /credentials lists those that it may use; the operator may add others to the entry of the key.',
  }),
  CREDENTIAL_UNKNOWN: entry(422, 'There is no such credential', {
    hint: 'GET /credentials lists those that there are; the operator may put a key file into the folder GOOGLE_CREDENTIALS.',
  }),
  ACT_AS_NOT_ALLOWED: entry(403, 'Nobody may be acted for here', {
    hint: 'The operator may name the domain in GOOGLE_ACT_AS_DOMAINS, and give the API key the right "actAs".',
  }),
  TOKENS_NOT_ALLOWED: entry(403, "Users' own tokens may not be used here", {
    hint: 'The operator may set TOKEN_KEY, and give the API key the right "tokens".',
  }),
  HOST_NOT_ALLOWED: entry(421, 'This service is not known under this host', {
    hint: 'Use localhost, or name the host in ALLOWED_HOSTS (or the whole URL in PUBLIC_URL) and start the service again.',
  }),
  CROSS_SITE_REFUSED: entry(403, 'Pages of other sites may not call this service', {
    hint: 'Name the origin of the page in CORS_ORIGINS, or the URL of this service in PUBLIC_URL if it is its own, and start the service again.',
  }),
  RATE_LIMITED: retryable(429, 'Too many requests', {
    hint: 'Wait for the seconds that Retry-After names; watching a sync is not counted. The operator may raise RATE_LIMIT.',
  }),
  TOO_MANY_ACTIVE: retryable(429, 'Too many syncs of this API key are active', {
    hint: 'Wait until one has finished, or cancel one.',
  }),
  TOO_MANY_SCHEDULES: entry(429, 'Too many schedules of this API key are kept', {
    hint: 'DELETE one that is not needed; the operator may raise MAX_SCHEDULES_PER_KEY.',
  }),
  TOO_MANY_KEPT: retryable(429, 'Too many syncs are kept'),
  TOO_MANY_IDEMPOTENCY_KEYS: retryable(429, 'Too many idempotency keys are remembered', {
    hint: 'Wait until some are forgotten, after 24 hours, or send the request without one; the operator may raise MAX_IDEMPOTENCY_KEYS_PER_KEY.',
  }),
  TOO_MANY_STREAMS: retryable(429, 'Too many event streams are open', {
    hint: 'Close one, or poll the sync instead; the operator may raise MAX_STREAMS_PER_KEY or MAX_CONNECTIONS.',
  }),
  SNAPSHOTS_FULL: entry(507, 'Too much is kept already to download more'),
  TOO_MANY_DOWNLOADS: retryable(429, 'Too many files are being sent to this caller', {
    hint: 'Read the answers that are open to their end, or close them, before the next file is asked for.',
  }),
  QUEUE_FULL: retryable(503, 'Too many syncs are waiting', {
    hint: 'Send the request again in a while; the operator may raise MAX_QUEUED or SYNC_CONCURRENCY.',
  }),

  // What a sync or a snapshot cannot do now.
  SYNC_NOT_FOUND: entry(404, 'There is no such sync', {
    hint: 'A finished sync is forgotten after STATUS_TTL; its rows stay under /spreadsheets/{spreadsheetId}.',
  }),
  SYNC_ACTIVE: entry(409, 'The sync is still active', { hint: 'Cancel it or wait for it to finish.' }),
  SYNC_FINISHED: entry(409, 'The sync has already finished'),
  SYNC_NOT_RETRYABLE: entry(409, 'The sync cannot be retried', {
    hint: 'Only a failed or cancelled sync can be retried; POST /syncs starts a new one.',
  }),
  SYNC_EXISTS: entry(409, 'A sync with this id exists already'),
  SCHEDULE_NOT_FOUND: entry(404, 'There is no such schedule', { hint: 'GET /schedules lists those of this API key.' }),
  WEBHOOK_NOT_DELIVERABLE: entry(409, 'The webhook cannot be sent'),
  WEBHOOK_SENT_OFTEN: retryable(429, 'The webhook was sent often of late', {
    hint: 'Wait for the seconds that Retry-After names; webhook.attempts of the sync shows what came of each.',
  }),
  FILES_NOT_READY: entry(409, 'The files are not published yet', {
    hint: 'Poll the sync until its state is "succeeded".',
  }),
  FILE_NOT_FOUND: entry(404, 'There is no such file'),
  SNAPSHOT_NOT_FOUND: entry(404, 'There is no snapshot of this spreadsheet', {
    hint: 'POST /syncs with this spreadsheet makes one.',
  }),
  TAB_NOT_FOUND: entry(404, 'There is no such tab'),
  RANGE_NOT_FOUND: entry(404, 'There is no such range'),
  SCHEMA_NOT_KEPT: entry(409, 'The columns of this tab were not counted', {
    hint: 'POST /syncs with this spreadsheet and "ifUnchanged": "download"; where there are tens of thousands of columns, choose fewer by "tabs" or "ranges".',
  }),

  // What is wrong with a question about rows, or with its answer.
  QUERY_INVALID: entry(400, 'The question cannot be answered as it is written', {
    hint: 'GET /spreadsheets/{spreadsheetId}/tabs/{tab}/schema lists the columns; names such as "Order" that SQL reserves need double quotes.',
  }),
  COLUMN_NOT_FOUND: entry(422, 'There is no such column'),
  CURSOR_INVALID: entry(400, 'The cursor is not valid', {
    hint: 'Use nextCursor of the previous page as it stands, with the same select, where, param and order.',
  }),
  CURSOR_GONE: entry(410, 'The snapshot of this cursor is gone', {
    hint: 'Ask for the first page again, without a cursor: it is of the latest snapshot.',
  }),
  ROWS_NOT_QUERYABLE: entry(409, 'The rows of this tab cannot be asked'),
  QUERY_LIMIT_EXCEEDED: entry(422, 'The question needs more than it may use', {
    hint: 'Ask for less: fewer rows, a narrower filter, no unbounded list or join; the operator may raise QUERY_TIME_LIMIT or QUERY_MEMORY.',
  }),
  QUERY_ENGINE_BUSY: retryable(503, 'Too many questions are waiting'),
  QUERY_ENGINE_FAILED: retryable(503, 'The query engine failed', { hint: 'Send the question again.' }),
  QUERY_ENGINE_MISSING: entry(501, 'There is no query engine here', {
    hint: 'Rows can be read whole under /spreadsheets/{spreadsheetId}/tabs/{tab}; DuckDB has no binding for this platform.',
  }),

  IDEMPOTENCY_KEY_REUSED: entry(422, 'The idempotency key was used for another request', {
    hint: 'Use a new Idempotency-Key for each new request; repeat one only with the very same body.',
  }),
  SYNC_GONE: entry(410, 'The sync has ended and was forgotten', {
    hint: 'Its rows, if it had any, stay under /spreadsheets/{spreadsheetId}; a new Idempotency-Key starts a new sync.',
  }),
  IDEMPOTENCY_KEY_IN_FLIGHT: retryable(409, 'A request with this idempotency key is under way', {
    hint: 'Send the same request again after Retry-After; it is then answered as the first one was.',
  }),

  // What is wrong on this side.
  STATUS_CORRUPT: entry(500, 'The status of this sync cannot be read', {
    hint: 'The unreadable record was set aside for the operator; start a new sync.',
  }),
  STATUS_FORMAT_NEWER: entry(500, 'The status of this sync has a newer format', {
    hint: 'A newer release of this service has written it, and it is kept as it is; upgrade this instance.',
  }),
  SCHEDULE_CORRUPT: entry(500, 'The schedule cannot be read', {
    hint: 'Its record is kept as it is, and does not run: the operator may mend it; DELETE takes it away.',
  }),
  SNAPSHOT_CORRUPT: entry(500, 'The snapshot cannot be read', { hint: 'Start a new sync of this spreadsheet.' }),
  STORAGE_UNAVAILABLE: retryable(503, 'The storage cannot be used now'),
  STORAGE_BUSY: retryable(503, 'Too many files are open', {
    hint: 'Send the request again in a moment; the operator may raise the limit of open files (ulimit -n).',
  }),
  STORAGE_FULL: retryable(503, 'The storage is full', { hint: 'Free space on the disk that holds the data.' }),
  SHUTTING_DOWN: retryable(503, 'The service is shutting down', { hint: 'Send the request again in a moment.' }),
  INTERNAL: entry(500, 'Something went wrong here', { hint: 'The log holds the cause under this requestId.' }),
  SYNC_POISONED: entry(500, 'The process that ran the sync died again and again', {
    hint: 'Download fewer tabs, ranges or formats at a time, or give the service more memory; its log says where it ended.',
  }),
  SYNC_TOO_LARGE: entry(422, 'The files of the sync would be too large', {
    hint: 'Download less at a time by "ranges", "tabs" or fewer "formats"; the operator may raise SYNC_BYTES_MAX.',
  }),
  SYNC_DEADLINE_EXCEEDED: resumable(504, 'The sync took longer than allowed', {
    hint: 'POST /syncs/{id}/retry goes on where it stopped; or raise SYNC_DEADLINE, or download fewer tabs at a time.',
  }),

  // What Google says.
  SHEET_FORBIDDEN: entry(403, 'Google does not let us read this spreadsheet'),
  SHEET_NOT_FOUND: entry(404, 'Google knows no such spreadsheet', {
    hint: 'Check the id in the URL, and that the spreadsheet is shared with the account this service uses.',
  }),
  SHEET_NOT_GOOGLE: entry(422, 'This is an Office file, not a Google Sheet', {
    hint: 'Open it in Google Sheets, choose File > Save as Google Sheets, and sync the copy.',
  }),
  GOOGLE_CREDENTIAL_MISSING: entry(401, 'No Google credential is set', {
    hint: 'Set GOOGLE_APPLICATION_CREDENTIALS to a service-account key file, or GOOGLE_API_KEY for public spreadsheets; with a folder GOOGLE_CREDENTIALS name the "credential" that is to read, or put a default.json there.',
  }),
  GOOGLE_CREDENTIAL_INVALID: entry(401, 'Google does not accept the credential', {
    hint: 'Check the file that GOOGLE_APPLICATION_CREDENTIALS names, or GOOGLE_API_KEY.',
  }),
  GOOGLE_CREDENTIAL_RESTRICTED: entry(403, 'The Google credential may not be used for this', {
    hint: 'Check the restrictions of the key, the project and the organization of the credential.',
  }),
  GOOGLE_TOKEN_EXPIRED: resumable(401, "The user's access token has ended", {
    hint: 'Send the request again with a new token in X-Google-Access-Token; POST /syncs/{id}/retry with one of the same user goes on where the sync stopped.',
  }),
  TOKEN_UNREADABLE: resumable(503, "The user's access token cannot be unsealed here", {
    hint: 'The operator gives every process the same TOKEN_KEY, and keeps a key that is replaced behind the new one until its syncs have ended; then POST /syncs/{id}/retry with a token in X-Google-Access-Token.',
  }),
  GOOGLE_API_DISABLED: entry(403, 'The Google Sheets API is not enabled for this project', {
    hint: 'Enable it at https://console.cloud.google.com/apis/library/sheets.googleapis.com, then retry.',
  }),
  GOOGLE_QUOTA_EXCEEDED: resumable(429, 'Google refuses more reads for now', {
    hint: 'Lower GOOGLE_READS_PER_MINUTE or GOOGLE_PROJECT_READS_PER_MINUTE, or ask Google for more quota.',
  }),
  GOOGLE_UNAVAILABLE: resumable(503, 'Google did not answer properly in time'),
  GOOGLE_UNREACHABLE: resumable(503, 'Google cannot be reached', {
    hint: 'Check the network of this service, and GOOGLE_API_ROOT_URL if it is set.',
  }),
  GOOGLE_REQUEST_REFUSED: entry(502, 'Google refused a request'),
  GOOGLE_ANSWER_INCOMPLETE: retryable(502, 'Google answered less than was asked'),
  EXPECTATION_FAILED: entry(422, 'The rows are not what was expected', {
    hint: 'Nothing was published: the rows of earlier snapshots stay. Mend the spreadsheet and retry the sync, or send another "expect".',
  }),
  HEADER_TOO_LARGE: entry(422, 'The header rows are larger than can be taken', {
    hint: 'Set "headerRow" to 0, so that rows are arrays, name another header row, or leave columns out by "ranges".',
  }),
  GOOGLE_ANSWER_TOO_LARGE: entry(502, 'Google answered more than can be taken', {
    hint: 'Shorten the cell that the detail names, or leave it out by "ranges" or "tabs".',
  }),
} as const satisfies Record<string, ErrorEntry>

/** What the table says of one code. */
interface ErrorEntry {
  /** HTTP status that this failure is answered with. */
  readonly status: number
  /** One short sentence, the same for every occurrence of the code (RFC 9457, section 3.1.3). */
  readonly title: string
  /** Whether the same request may succeed later with nothing changed by the caller. */
  readonly retryable: boolean
  /** Whether a retry of a sync that this failure ended goes on from its checkpoint: nothing that it had is in doubt. */
  readonly resumable: boolean
  /** What the user can do about it, where the code alone says enough. */
  readonly hint?: string | undefined
}

export type ErrorCode = keyof typeof ERROR_TABLE

/** One field at fault, named as the caller wrote it: `tabs[1]`, `csv.injection`, `pageSize`. */
export interface FieldError {
  readonly field: string
  readonly message: string
  readonly hint?: string | undefined
}

/** What is known of a sync that has ended and was forgotten; what is not is null. */
export interface EndedSync {
  readonly id: string
  readonly state: 'succeeded' | 'failed' | 'cancelled' | null
  /** ISO 8601, UTC. */
  readonly finishedAt: string | null
  /** Why it failed, if it did: the code of its error. */
  readonly code: string | null
}

export interface AppErrorOptions {
  /** What was caught, kept for the log and never sent over the wire. */
  readonly cause?: unknown
  /** How the user can mend it; replaces the standing hint of the code. */
  readonly hint?: string | undefined
  /** Every field at fault, for bad input. */
  readonly errors?: readonly FieldError[]
  /** Whole seconds after which trying again makes sense; the `Retry-After` header. */
  readonly retryAfterSeconds?: number
  /** The sync that the failure is about, of which nothing else is known any more. */
  readonly ended?: EndedSync
}

/** A failure with a stable code. `message` is the detail: safe to show, free of secrets. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly errors: readonly FieldError[] | undefined
  readonly retryAfterSeconds: number | undefined
  readonly ended: EndedSync | undefined

  constructor(code: ErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint ?? ERROR_TABLE[code].hint
    this.errors = options.errors
    this.retryAfterSeconds = options.retryAfterSeconds
    this.ended = options.ended
  }

  get status(): number {
    return ERROR_TABLE[this.code].status
  }

  get retryable(): boolean {
    return ERROR_TABLE[this.code].retryable
  }

  get resumable(): boolean {
    return ERROR_TABLE[this.code].resumable
  }
}

function entry(status: number, title: string, { hint }: Pick<ErrorEntry, 'hint'> = {}): ErrorEntry {
  return { status, title, retryable: false, resumable: false, hint }
}

function retryable(status: number, title: string, options: Pick<ErrorEntry, 'hint'> = {}): ErrorEntry {
  return { ...entry(status, title, options), retryable: true }
}

function resumable(status: number, title: string, options: Pick<ErrorEntry, 'hint'> = {}): ErrorEntry {
  return { ...retryable(status, title, options), resumable: true }
}
