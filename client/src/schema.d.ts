// Generated from openapi/openapi.json by "npm run schema -w client"; do not edit.
export interface paths {
    "/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Google credentials
         * @description The Google credentials that syncs of the caller may read with, by name: whom to share spreadsheets with, and how each fared in the process that answers. Nothing that is secret is shown.
         */
        get: operations["listCredentials"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is the process alive
         * @description Depends on nothing else; restart the process when this does not answer.
         */
        get: operations["livez"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who am I
         * @description What the API key of the request may do, whatever its scopes are; without keys, what everybody may.
         */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the counts of this process
         * @description In the text format of Prometheus: names begin with sheetsync_ and end in their unit; those of the process have their usual names.
         */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Can requests be served
         * @description Whether syncs can be recorded now, what an earlier process left was found, and the service is not stopping.
         */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List schedules
         * @description One page of schedules, newest first. A page may hold fewer than pageSize; nextPageToken says whether more follow.
         */
        get: operations["listSchedules"];
        put?: never;
        /**
         * Save a schedule
         * @description Saves a request and when to run it: by cron in a time zone, every so often, or when the spreadsheet changes. Each run is an ordinary sync with scheduleId. Runs that were missed collapse into one, and a run that comes while the sync of the one before is active joins it.
         */
        post: operations["createSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a schedule
         * @description The schedule, when it runs next, and how its latest sync stands.
         */
        get: operations["getSchedule"];
        put?: never;
        post?: never;
        /**
         * Remove a schedule
         * @description Removes a schedule. Its syncs stay, and one that is under way goes on.
         */
        delete: operations["deleteSchedule"];
        options?: never;
        head?: never;
        /**
         * Change a schedule
         * @description Merges the fields that are given into the schedule (RFC 7396), and checks what comes of it as a whole. To go from cron to every, send "cron": null beside it. A sync that is under way goes on as it was asked for.
         */
        patch: operations["patchSchedule"];
        trace?: never;
    };
    "/schedules/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a schedule
         * @description It runs no more until it is resumed. A sync that is under way goes on.
         */
        post: operations["pauseSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a schedule
         * @description It runs again from its next occurrence on; failures are counted anew.
         */
        post: operations["resumeSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{id}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a schedule now
         * @description Starts its sync at once, also while it is paused; when it runs next stays as it is.
         */
        post: operations["runSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/spreadsheets/{spreadsheetId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the latest snapshot holds
         * @description The manifest of the latest snapshot: which tabs, when, of which version.
         */
        get: operations["getSpreadsheet"];
        put?: never;
        post?: never;
        /**
         * Erase the rows of a spreadsheet
         * @description Removes every snapshot of the spreadsheet that the caller's syncs have made (with an admin key, or without keys: everybody's), and what they have staged. 409 while such a sync is active, 404 when there is nothing. The status of syncs stays; their files are gone. The next sync downloads again, also with `ifUnchanged: skip`. Cut off before the answer, it has erased some snapshots, and none in part: send it again.
         */
        delete: operations["eraseSpreadsheet"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/spreadsheets/{spreadsheetId}/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask by SQL
         * @description Runs one SELECT over the tabs of the latest snapshot, and joins across them. Nothing else is run, no other file is read, and time, memory and bytes are limited. Google is not asked.
         */
        post: operations["query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/spreadsheets/{spreadsheetId}/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which snapshots there are
         * @description The snapshots that are kept, newest first: of which sync, when, and which tabs. How many are kept is SNAPSHOTS_KEPT.
         */
        get: operations["listSnapshots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/spreadsheets/{spreadsheetId}/tabs/{tab}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the rows of a tab
         * @description The rows of the newest snapshot that holds the tab in that format. JSON and NDJSON are made of each other where only one was downloaded, as the download would have written them; what is made has no ranges. 406 lists the formats there are.
         */
        get: operations["getTab"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/spreadsheets/{spreadsheetId}/tabs/{tab}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What has changed in a tab since an earlier sync
         * @description Compares the newest snapshot that holds the tab with that of an earlier sync; Google is not asked. Without a key rows are compared whole, wherever they stand: a row that was put in above marks one row. With a key a row that is there in both with other cells is changed, with the old and the new value of each such column. They come by their place now, removed ones by where they stood. Pages of one cursor are all of the same two snapshots.
         */
        get: operations["getTabChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/spreadsheets/{spreadsheetId}/tabs/{tab}/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ask for some rows of a tab
         * @description The rows that fit, of the newest snapshot that holds the tab; Google is not asked. Types are those of the column schema: dates are DATE, times of day TIME, both TIMESTAMP, durations and columns of several kinds text. Pages of one cursor are all of one snapshot; 410 once that is gone. `Link: <…>; rel="next"` names the next page, and X-Total-Count the rows in all where count=exact asked.
         */
        get: operations["getRows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/spreadsheets/{spreadsheetId}/tabs/{tab}/schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the columns of a tab hold
         * @description Type, nullability, counts of each kind, an example and the longest text of every column, counted over all cells of the newest snapshot that holds the tab. `as=json-schema` is a JSON Schema (draft 2020-12) of one row, `as=typescript` an interface. 409 for a snapshot of an earlier release, and where there are too many columns to count.
         */
        get: operations["getTabSchema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the service stands
         * @description Google's budgets, the queue, the storage, the processes. Admin keys, and everybody where there are no keys, see all of it; others their own syncs and the budgets of credentials that they may use. What could not be told within 1.5 s is null.
         */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syncs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List syncs
         * @description One page of syncs, newest first. A page may hold fewer than pageSize, even none: it ends where it has 4 MB, and it leaves out what the caller may not see, such as spreadsheets that the key is not for, and what tokens of other users have read: it ends after a second of passing over such syncs, or with label, code or q of search. nextPageToken says whether more may follow.
         */
        get: operations["listSyncs"];
        put?: never;
        /**
         * Start a sync
         * @description Records a sync durably and downloads the spreadsheet in the background. While the same download is active it is joined instead, unless ifActive is "start". With an Idempotency-Key the request may be sent again without fear: the same key and body is answered with the same sync, as it is by then, and "Idempotent-Replayed: true", or with 410 and how it ended (in `ended`) once the sync is forgotten; another body is refused with 422; while another process still works on the first request it is 409 with Retry-After (in the same process it waits for that answer). A refused request does not use up its key.
         */
        post: operations["startSync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syncs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch a sync
         * @description The sync in whatever state it is. Poll it after pollAfterMs; send If-None-Match to get 304 while nothing has changed. With "Prefer: wait=N" the answer waits, N seconds or 25 at the most, until the revision is another than If-None-Match names, or without that header until the sync has finished; Preference-Applied says how long it may have waited; without it there was no place to wait, and the answer is the sync as it is now.
         */
        get: operations["getSync"];
        put?: never;
        post?: never;
        /**
         * Forget a sync
         * @description Removes the status of a finished sync. Its rows stay under /spreadsheets/{spreadsheetId}.
         */
        delete: operations["deleteSync"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syncs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a sync
         * @description Asks an active sync to end. 200 if it had been cancelled before.
         */
        post: operations["cancelSync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syncs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream a sync
         * @description Server-sent events (WHATWG HTML, section 9.2), as EventSource reads them:
         *
         *     - `sync`: the sync as it is now, as GET /syncs/{id} answers it; `id:` is its revision. The first comes at once, the next
         *       with each change; a slow reader misses revisions in between, never the last one. The stream ends after the one whose
         *       `finishedAt` is set.
         *     - `deleted`: the sync was forgotten; data is `{"id": …}`. The stream ends.
         *     - `problem`: the sync cannot be read any more; data is a Problem. The stream ends.
         *
         *     A comment comes at least every 15 seconds. After a break EventSource sends Last-Event-ID by itself: with the current
         *     revision nothing is sent until the next change, unless the sync has finished; then it is sent again. The last event is
         *     followed by an id without an event, so that an EventSource that nobody closed is answered 204 when it comes back, and
         *     stops. A reader that takes nothing for 20 seconds is dropped.
         */
        get: operations["streamSync"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syncs/{id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the files of a sync
         * @description 409 until the sync has succeeded: files appear all at once or not at all.
         */
        get: operations["listSyncFiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syncs/{id}/files/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a file of a sync
         * @description The bytes, whole or in a Range, with the SHA-256 as ETag. Compressed as Accept-Encoding prefers, the ETag names the coding too.
         */
        get: operations["getSyncFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syncs/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry a sync
         * @description Starts the download of a failed or cancelled sync once more, under a new id.
         */
        post: operations["retrySync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syncs/{id}/webhook/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send the webhook again
         * @description Has the webhook of a finished sync sent at once, whatever came of it before, with the whole schedule of retries. The message keeps its webhook-id. Changes nothing while it is about to be sent; 429 when it was sent five times within a minute.
         */
        post: operations["redeliverWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/syncs/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream the list of syncs
         * @description Server-sent events (WHATWG HTML, section 9.2) about the syncs that GET /syncs lists with the same filters:
         *
         *     - `ready`: every change from now on will be told. The client lists the syncs then; the stream does not tell what there was.
         *     - `sync`: a sync of the list that is new or has changed, as GET /syncs/{id} answers it; at most four times a second for each.
         *     - `removed`: a sync that was forgotten, or that the filters match no more; data is `{"id": …}`. It may never have been listed.
         *     - `reset`: changes cannot be told one by one, as after a break of the storage, or where too many came at once. The client
         *       lists the syncs again.
         *
         *     The data of `ready` and `reset` is `{}`. A change comes within a second, whichever instance has made it. What a stream that
         *     broke has missed is not sent again: the client lists anew at each `ready`. A comment comes at least every 15 seconds. A
         *     reader that takes nothing for 20 seconds is dropped; a slow one gets the latest of several changes, or a `reset`.
         */
        get: operations["streamSyncs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Credential: {
            /** @description E-mail address to share spreadsheets with; null where there is none, or it is not known */
            account: string | null;
            /** @description Why it is failing */
            error: {
                /** Format: date-time */
                at: string;
                code: string;
                detail: string;
                hint: string | null;
            } | null;
            /**
             * @description By the latest use in the process that answers; failing also where the key file cannot be read
             * @enum {string}
             */
            health: "unused" | "ok" | "failing";
            /**
             * @description other: of another kind, or one that cannot be read; none: nothing, which only an emulator takes
             * @enum {string}
             */
            kind: "service-account" | "user" | "api-key" | "none" | "other";
            /** @description By the process that answers */
            lastUsedAt: string | null;
            /** @description What POST /syncs takes as "credential" */
            name: string;
            /** @description The Google Cloud project that calls are charged to; null where not known */
            project: string | null;
        };
        CredentialList: {
            /** @description default first, the others by name */
            credentials: components["schemas"]["Credential"][];
        };
        Expectation: {
            columns: string[];
            /** @enum {string} */
            loading: "fail" | "allow";
            minRows: number;
            minRowsRatio: number | null;
            /** @description null: every tab, or range, that is downloaded */
            tab: string | number | null;
            types: {
                [key: string]: ("text" | "integer" | "number" | "boolean" | "date" | "time" | "datetime" | "duration" | "mixed" | "empty")[];
            };
        };
        ExpectationBody: {
            /**
             * @description Names that columns must have, exactly as in the rows: the letter of the column with headerRow 0.
             * @default []
             */
            columns?: string[];
            /**
             * @description allow: cells may say Loading... even after they were waited for.
             * @default fail
             * @enum {string}
             */
            loading?: "fail" | "allow";
            /**
             * @description How many rows there must be, the header row not counted.
             * @default 0
             */
            minRows?: number;
            /** @description How many there must be for each row of the newest snapshot of the same tab (or range, as it is written) with the same headerRow, made with the same API key. Without one it is not checked, and a warning says so. */
            minRowsRatio?: number;
            /** @description The tab that this is expected of. Default: every tab, or range, downloaded. */
            tab?: string | number;
            /**
             * @description The type of columns, or a list of types, as GET …/tabs/{tab}/schema tells them. integer is number too, date is datetime, time is duration; a column without a value is nothing but empty.
             * @default {}
             */
            types?: {
                [key: string]: ("text" | "integer" | "number" | "boolean" | "date" | "time" | "datetime" | "duration" | "mixed" | "empty") | ("text" | "integer" | "number" | "boolean" | "date" | "time" | "datetime" | "duration" | "mixed" | "empty")[];
            };
        };
        FileList: {
            files: {
                bytes: number;
                /** @enum {string} */
                format: "json" | "ndjson" | "csv" | "parquet";
                href: string;
                name: string;
                sha256: string;
                tab: {
                    gid: number;
                    title: string;
                };
            }[];
        };
        Me: {
            /** @description Whether its syncs may have credentials act for people, here and now */
            actAs: boolean;
            /** @description Names of the credentials that it may use, be they there or not; or all */
            credentials: "all" | string[];
            /** @description Whether this service asks for API keys */
            keyed: boolean;
            /** @description Name of the API key; null where none is needed */
            name: string | null;
            /** @description What it may do; admin includes the others */
            scopes: ("read" | "write" | "admin")[];
            /** @description Whether it sees the syncs and rows of others too */
            seesAll: boolean;
            /** @description Ids of the only spreadsheets that it may use; null: all */
            spreadsheets: string[] | null;
            /** @description Whether its syncs may read with users' own tokens, here and now */
            tokens: boolean;
        };
        /** @description application/problem+json, RFC 9457 */
        Problem: {
            /** @enum {string} */
            code: "VALIDATION_FAILED" | "BODY_NOT_JSON" | "PAGE_TOKEN_INVALID" | "BODY_TOO_LARGE" | "MEDIA_TYPE_UNSUPPORTED" | "ROUTE_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "NOT_ACCEPTABLE" | "PRECONDITION_FAILED" | "RANGE_NOT_SATISFIABLE" | "REQUEST_MALFORMED" | "REQUEST_TIMEOUT" | "HEADERS_TOO_LARGE" | "API_KEY_MISSING" | "API_KEY_INVALID" | "API_KEY_SCOPE" | "SPREADSHEET_NOT_ALLOWED" | "CREDENTIAL_NOT_ALLOWED" | "CREDENTIAL_UNKNOWN" | "ACT_AS_NOT_ALLOWED" | "TOKENS_NOT_ALLOWED" | "HOST_NOT_ALLOWED" | "CROSS_SITE_REFUSED" | "RATE_LIMITED" | "TOO_MANY_ACTIVE" | "TOO_MANY_SCHEDULES" | "TOO_MANY_KEPT" | "TOO_MANY_IDEMPOTENCY_KEYS" | "TOO_MANY_STREAMS" | "SNAPSHOTS_FULL" | "TOO_MANY_DOWNLOADS" | "QUEUE_FULL" | "SYNC_NOT_FOUND" | "SYNC_ACTIVE" | "SYNC_FINISHED" | "SYNC_NOT_RETRYABLE" | "SYNC_EXISTS" | "SCHEDULE_NOT_FOUND" | "WEBHOOK_NOT_DELIVERABLE" | "WEBHOOK_SENT_OFTEN" | "FILES_NOT_READY" | "FILE_NOT_FOUND" | "SNAPSHOT_NOT_FOUND" | "TAB_NOT_FOUND" | "RANGE_NOT_FOUND" | "SCHEMA_NOT_KEPT" | "QUERY_INVALID" | "COLUMN_NOT_FOUND" | "CURSOR_INVALID" | "CURSOR_GONE" | "ROWS_NOT_QUERYABLE" | "QUERY_LIMIT_EXCEEDED" | "QUERY_ENGINE_BUSY" | "QUERY_ENGINE_FAILED" | "QUERY_ENGINE_MISSING" | "IDEMPOTENCY_KEY_REUSED" | "SYNC_GONE" | "IDEMPOTENCY_KEY_IN_FLIGHT" | "STATUS_CORRUPT" | "STATUS_FORMAT_NEWER" | "SCHEDULE_CORRUPT" | "SNAPSHOT_CORRUPT" | "STORAGE_UNAVAILABLE" | "STORAGE_BUSY" | "STORAGE_FULL" | "SHUTTING_DOWN" | "INTERNAL" | "SYNC_POISONED" | "SYNC_TOO_LARGE" | "SYNC_DEADLINE_EXCEEDED" | "SHEET_FORBIDDEN" | "SHEET_NOT_FOUND" | "SHEET_NOT_GOOGLE" | "GOOGLE_CREDENTIAL_MISSING" | "GOOGLE_CREDENTIAL_INVALID" | "GOOGLE_CREDENTIAL_RESTRICTED" | "GOOGLE_TOKEN_EXPIRED" | "TOKEN_UNREADABLE" | "GOOGLE_API_DISABLED" | "GOOGLE_QUOTA_EXCEEDED" | "GOOGLE_UNAVAILABLE" | "GOOGLE_UNREACHABLE" | "GOOGLE_REQUEST_REFUSED" | "GOOGLE_ANSWER_INCOMPLETE" | "EXPECTATION_FAILED" | "HEADER_TOO_LARGE" | "GOOGLE_ANSWER_TOO_LARGE";
            detail: string;
            /** @description What is known of a sync that was forgotten; what is not is null */
            ended?: {
                /** @description Why it failed */
                code: string | null;
                finishedAt: string | null;
                id: string;
                state: ("succeeded" | "failed" | "cancelled") | null;
            };
            errors?: {
                field: string;
                hint?: string;
                message: string;
            }[];
            hint?: string;
            requestId?: string;
            retryable: boolean;
            status: number;
            title: string;
            type: string;
        };
        QueryAnswer: {
            columns: {
                name: string;
                /** @description As DuckDB writes it */
                type: string;
            }[];
            /** @description Whether there are rows beyond the limit */
            hasMore: boolean;
            /** Format: date-time */
            publishedAt: string;
            rows: {
                [key: string]: unknown;
            }[];
            /** @description The sync whose snapshot the rows are of */
            syncId: string;
        };
        /**
         * @example {
         *       "sql": "SELECT c.Country, count(*) AS orders, sum(o.Total) AS total FROM Orders o JOIN Customers c USING (Customer) WHERE o.Total >= ? GROUP BY ALL ORDER BY total DESC",
         *       "params": [
         *         100
         *       ]
         *     }
         * @example {
         *       "sql": "SHOW TABLES"
         *     }
         */
        QueryRequest: {
            /**
             * @description Without it the Accept header decides
             * @enum {string}
             */
            format?: "json" | "ndjson" | "csv" | "parquet";
            /**
             * @description Rows at the most; `hasMore` says whether there are others
             * @default 100
             */
            limit?: number;
            /**
             * @description Values for the ? in it
             * @default []
             */
            params?: (string | number | boolean | null)[];
            /** @description One SELECT in the dialect of DuckDB; each tab is a table by its title, in double quotes, and by its slug */
            sql: string;
        };
        RowsPage: {
            /** @description Rows in all, where count=exact asked for it */
            count: number | null;
            /** @description Pass it as cursor for the next page; null on the last one */
            nextCursor: string | null;
            /** Format: date-time */
            publishedAt: string;
            rows: {
                [key: string]: unknown;
            }[];
            /** @description The sync whose snapshot the rows are of */
            syncId: string;
        };
        Schedule: {
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            createdAt: string;
            cron: string | null;
            every: string | null;
            /** @description Syncs that failed since one succeeded, or since the schedule was resumed */
            failuresInARow: number;
            /** @description Why the run that is due has not begun yet, while it is still tried; null when nothing hinders it */
            fault: components["schemas"]["ScheduleFault"] | null;
            id: string;
            jitter: string | null;
            lastSuccess: {
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                finishedAt: string;
                id: string;
            } | null;
            lastSync: components["schemas"]["ScheduleSync"] | null;
            name: string;
            /** @description When it runs next by cron or every; null while it is paused */
            nextRunAt: string | null;
            onChange: boolean;
            /** @description Why it is paused */
            pause: components["schemas"]["SchedulePause"] | null;
            /** @description The body of POST /syncs that each run sends, every default filled in */
            request: {
                spreadsheet: string;
            } & {
                [key: string]: unknown;
            };
            /** @description Grows by one at every change, those of runs included; the ETag */
            revision: number;
            /** @enum {string} */
            state: "active" | "paused";
            timeZone: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            updatedAt: string;
        };
        /**
         * @example {
         *       "name": "Prices, every morning",
         *       "request": {
         *         "spreadsheet": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
         *         "formats": [
         *           "json",
         *           "csv"
         *         ]
         *       },
         *       "cron": "0 6 * * 1-5",
         *       "timeZone": "Europe/Berlin"
         *     }
         * @example {
         *       "name": "Stock",
         *       "request": {
         *         "spreadsheet": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
         *         "ifUnchanged": "skip",
         *         "maxAge": "1h"
         *       },
         *       "every": "5m"
         *     }
         */
        ScheduleBody: {
            /** @description When it runs: five fields of cron, or a nickname such as @daily; not together with every */
            cron?: string | null;
            /** @description A duration from one run to the next: 15m, 2h, 1d; not together with cron */
            every?: string | null;
            /** @description By how much each run may be put off, always the same for one schedule, so that many do not come at once. Default: a tenth of the interval, 30s at the most */
            jitter?: string | null;
            /** @description What people call it */
            name: string;
            /**
             * @description Run when the spreadsheet has changed
             * @default false
             */
            onChange?: boolean;
            request: components["schemas"]["SyncRequestBody"];
            /**
             * @description The zone of the fields of cron, by its IANA name
             * @default UTC
             */
            timeZone?: string;
        };
        ScheduleFault: {
            /** @description A code of the error table, such as QUEUE_FULL */
            code: string;
            detail: string;
            nextTryAt: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            since: string;
            tries: number;
        };
        SchedulePage: {
            /** @description Pass it as pageToken for the next page; null on the last one */
            nextPageToken: string | null;
            /** @description Newest first */
            schedules: components["schemas"]["Schedule"][];
        };
        /**
         * @description A JSON merge patch (RFC 7396); what is null goes back to its default
         * @example {
         *       "cron": null,
         *       "every": "15m"
         *     }
         */
        SchedulePatch: {
            cron?: string | null;
            every?: string | null;
            jitter?: string | null;
            /** @description What people call it */
            name?: string;
            onChange?: boolean;
            /** @description Fields of the request to be changed; null takes one away */
            request?: {
                [key: string]: unknown;
            };
            timeZone?: string;
        };
        SchedulePause: {
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            /** @description The error code that it was paused for */
            code: string | null;
            message: string;
            /**
             * @description user: somebody paused it; failures: too many syncs in a row failed; forbidden: whose it is may not have this downloaded any more
             * @enum {string}
             */
            reason: "user" | "failures" | "forbidden";
        };
        ScheduleSync: {
            finishedAt: string | null;
            /** @description The sync of the latest run: its own, or one that was active already and that it joined */
            id: string;
            joined: boolean;
            /**
             * @description How the sync stood when it was last looked at
             * @enum {string}
             */
            state: "queued" | "running" | "cancelling" | "interrupted" | "succeeded" | "failed" | "cancelled";
            /**
             * Format: date-time
             * @description When the run was due
             */
            tick: string;
        };
        ServiceStatus: {
            /** @description Accounts that have read within the last minute, wait or are paused, and whose credential the key may use */
            budgets: {
                /** @description Reads a minute */
                limit: number;
                /** @description The credential, "NAME as PERSON", or "token …" for users who bring their own */
                name: string;
                /** @description The Google Cloud project, whose reads are limited too */
                project: string;
                /** @description Those that count now */
                used: number;
                /** @description Reads that wait in the process that answers */
                waiting: number;
                /** @description When the next read is tried; null: at once */
                waitingUntil: string | null;
            }[] | null;
            /** @description The process that answers */
            instance: string;
            /** @description The processes that share the storage; empty for keys that are not admin */
            instances: {
                host: string;
                id: string;
                /**
                 * Format: date-time
                 * @description They say every 15 s that they are there, and are taken for gone after 50
                 */
                lastSeenAt: string;
                role: string;
                /** Format: date-time */
                since: string;
            }[] | null;
            /** @description Those that the key may see, in all processes */
            queue: {
                /** @description Syncs that wait for their turn, interrupted ones among them */
                queued: number;
                running: number;
                /** @description Of those that run: that wait for Google's quota */
                waiting: number;
            } | null;
            /** @description What it does: all, api or worker */
            role: string;
            /** @description Everybody's, as of a minute ago; null for keys that are not admin */
            schedules: {
                active: number;
                paused: number;
            } | null;
            storage: {
                error: {
                    code: string;
                    detail: string;
                } | null;
                /** @description Whether syncs can be recorded now */
                healthy: boolean;
                /** @enum {string} */
                kind: "file" | "redis" | "postgres";
            };
            /** @description Everybody's whose status is kept, by state, the history apart; null for keys that are not admin */
            syncs: {
                cancelled: number;
                cancelling: number;
                failed: number;
                interrupted: number;
                queued: number;
                running: number;
                succeeded: number;
            } | null;
            uptimeSeconds: number;
            version: string;
        };
        SnapshotFile: {
            bytes: number;
            /** @enum {string} */
            format: "json" | "ndjson" | "csv" | "parquet";
            href: string;
            name: string;
            sha256: string;
        };
        SnapshotList: {
            /** @description Newest first */
            snapshots: {
                consistent: boolean | "unknown";
                /** Format: date-time */
                publishedAt: string;
                syncId: string;
                tabs: {
                    columns: number;
                    /** @description Those that it was downloaded in */
                    formats: ("json" | "ndjson" | "csv" | "parquet")[];
                    gid: number;
                    /** @description Whether its rows can be asked and compared */
                    isQueryable: boolean;
                    range: string | null;
                    rows: number;
                    title: string;
                }[];
            }[];
            spreadsheet: {
                id: string;
                title: string;
                url: string;
            };
        };
        SnapshotManifest: {
            consistent: boolean | "unknown";
            /** Format: date-time */
            publishedAt: string;
            request: components["schemas"]["SyncRequest"];
            spreadsheet: {
                id: string;
                /**
                 * @description Whose way it shows numbers and dates, such as en_US or de
                 * @default null
                 */
                locale: string | null;
                /**
                 * @description The zone of its dates and times, such as Europe/Berlin
                 * @default null
                 */
                timeZone: string | null;
                title: string;
                url: string;
                version: string | null;
            };
            syncId: string;
            tabs: {
                /** @description null when headerRow is 0 */
                columnNames: string[] | null;
                columns: number;
                files: {
                    bytes: number;
                    /** @enum {string} */
                    format: "json" | "ndjson" | "csv" | "parquet";
                    name: string;
                    sha256: string;
                }[];
                gid: number;
                range: string | null;
                /**
                 * @description The cells that the range stood for, from the header row down: 0-based, the ends not included; null for a whole tab, and in snapshots of earlier releases
                 * @default null
                 */
                rectangle: {
                    endColumn: number;
                    endRow: number;
                    startColumn: number;
                    startRow: number;
                } | null;
                rows: number;
                title: string;
            }[];
            /** @constant */
            version: 1;
            warnings: components["schemas"]["SyncWarning"][];
        };
        Sync: {
            /** @description How often the sync was begun, resumptions included */
            attempt: number;
            /** @description Rows added and removed since the latest earlier snapshot of the same shape; null until the sync has succeeded, and where there is none */
            changes: components["schemas"]["SyncChanges"] | null;
            consistent: (boolean | "unknown") | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            createdAt: string;
            error: components["schemas"]["Problem"] | null;
            /** @description When the status is forgotten; the rows stay */
            expiresAt: string | null;
            finishedAt: string | null;
            id: string;
            labels: {
                [key: string]: string;
            };
            outcome: ("downloaded" | "unchanged") | null;
            /** @description Whether a user's own token reads it, which every request about it then needs */
            ownToken: boolean;
            /** @description How long to wait before the next poll; null once finished */
            pollAfterMs: number | null;
            progress: components["schemas"]["SyncProgress"];
            request: components["schemas"]["SyncRequest"];
            retryOf: string | null;
            /** @description Grows by one at every visible change; the ETag */
            revision: number;
            /** @description The schedule that it is a run of; null for any other */
            scheduleId: string | null;
            spreadsheet: {
                id: string;
                /**
                 * @description Whose way it shows numbers and dates, such as en_US or de
                 * @default null
                 */
                locale: string | null;
                /**
                 * @description The zone of its dates and times, such as Europe/Berlin
                 * @default null
                 */
                timeZone: string | null;
                title: string | null;
                url: string;
                /** @description Drive's version of the spreadsheet */
                version: string | null;
            };
            startedAt: string | null;
            /** @enum {string} */
            state: "queued" | "running" | "cancelling" | "interrupted" | "succeeded" | "failed" | "cancelled";
            tabs: components["schemas"]["SyncTab"][];
            /** @description When that run was due */
            tick: string | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            updatedAt: string;
            warnings: components["schemas"]["SyncWarning"][];
            /** @description How its end is told; null when nobody asked for that */
            webhook: components["schemas"]["SyncWebhook"] | null;
        };
        SyncChanges: {
            /** @description The earlier sync whose snapshot the rows were compared with */
            since: string;
            tabs: {
                /** @description Rows that are new; null where they could not be compared: a tab that is new, other columns, CSV alone, more than 200 MB or 2 million rows */
                added: number | null;
                gid: number;
                /** @description The range as asked for, when the request names ranges */
                range: string | null;
                removed: number | null;
                title: string;
            }[];
        };
        SyncFault: {
            /** @description A code of the error table, such as GOOGLE_UNAVAILABLE */
            code: string;
            detail: string;
            /** @description When it is tried again; null while a try is under way */
            nextTryAt: string | null;
            /**
             * Format: date-time
             * @description When it began
             */
            since: string;
            /** @description Calls that have failed since then */
            tries: number;
        };
        SyncPage: {
            /** @description Pass it as pageToken for the next page; null on the last one */
            nextPageToken: string | null;
            /** @description Newest first */
            syncs: components["schemas"]["Sync"][];
        };
        SyncProgress: {
            /** @description Calls made to Google so far, repeated ones included */
            apiCalls: number;
            cellsDone: number;
            /** @description What hinders the sync, while it still tries; null when nothing does */
            fault: components["schemas"]["SyncFault"] | null;
            /** @description Never falls; 100 only when succeeded */
            percent: number;
            /** @enum {string} */
            phase: "waiting" | "reading-metadata" | "downloading" | "publishing" | "done";
            /** @description Rows read so far, header rows included */
            rowsDone: number;
            /** @description Grid rows to look through; an upper bound, as Google counts blank rows too */
            rowsTotal: number | null;
            tabsDone: number;
            tabsTotal: number | null;
            /** @description When reading goes on, while Google's quota makes it wait */
            waitingUntil: string | null;
        };
        SyncRequest: {
            /**
             * @description E-mail address of the person whom the credential acts for
             * @default null
             */
            actAs: string | null;
            /**
             * @description The name of the Google credential that reads
             * @default default
             */
            credential: string;
            csv: {
                bom: boolean;
                /** @enum {string} */
                injection: "escape" | "raw";
            };
            /** @enum {string} */
            dates: "iso" | "serial";
            /**
             * @description What must hold of the rows before they are published
             * @default []
             */
            expect: components["schemas"]["Expectation"][];
            formats: ("json" | "ndjson" | "csv" | "parquet")[];
            headerRow: number;
            /** @enum {string} */
            ifActive: "join" | "start";
            /** @enum {string} */
            ifUnchanged: "download" | "skip";
            /**
             * @description With ifUnchanged "skip": the age from which a snapshot is old
             * @default null
             */
            maxAge: string | null;
            ranges: string[] | null;
            tabs: (string | number)[] | null;
            /** @enum {string} */
            values: "typed" | "formatted" | "formula";
        };
        /**
         * @example {
         *       "spreadsheet": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
         *       "formats": [
         *         "json",
         *         "csv"
         *       ]
         *     }
         * @example {
         *       "spreadsheet": "https://docs.google.com/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit#gid=0",
         *       "formats": [
         *         "ndjson"
         *       ],
         *       "headerRow": 1,
         *       "values": "formatted",
         *       "ifActive": "start",
         *       "labels": {
         *         "team": "sales"
         *       }
         *     }
         * @example {
         *       "spreadsheet": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
         *       "expect": {
         *         "tab": 0,
         *         "minRows": 1,
         *         "minRowsRatio": 0.9
         *       }
         *     }
         */
        SyncRequestBody: {
            /** @description E-mail address of the person whom the credential acts for (domain-wide delegation), in a domain that GOOGLE_ACT_AS_DOMAINS names. */
            actAs?: string;
            /** @description The name of the Google credential to read with; GET /credentials lists them. Default: "default". */
            credential?: string;
            /**
             * @description How CSV files are written.
             * @default {
             *       "injection": "escape",
             *       "bom": false
             *     }
             */
            csv?: {
                /**
                 * @description Begin the CSV with a UTF-8 byte order mark, which Excel wants.
                 * @default false
                 */
                bom?: boolean;
                /**
                 * @description escape: text that a spreadsheet program would run as a formula gets a leading ' in the CSV.
                 * @default escape
                 * @enum {string}
                 */
                injection?: "escape" | "raw";
            };
            /**
             * @description With values: typed. iso: 2024-01-31, 13:45:00, 2024-01-31T13:45:00; serial: days since 1899-12-30.
             * @default iso
             * @enum {string}
             */
            dates?: "iso" | "serial";
            /** @description What must hold of the rows, or of those of several tabs, before they are published. Where it does not, the sync fails with EXPECTATION_FAILED and the snapshot before it stays. */
            expect?: components["schemas"]["ExpectationBody"] | components["schemas"]["ExpectationBody"][];
            /**
             * @description The file formats to write for each tab.
             * @default [
             *       "json"
             *     ]
             */
            formats?: ("json" | "ndjson" | "csv" | "parquet")[];
            /**
             * @description The row number that names the columns; 0 = no header, rows are arrays.
             * @default 1
             */
            headerRow?: number;
            /**
             * @description join: answer with the active sync of the same request if there is one; start: always start another.
             * @default join
             * @enum {string}
             */
            ifActive?: "join" | "start";
            /**
             * @description skip: read no cells when Drive's version of the spreadsheet is that of the latest snapshot.
             * @default download
             * @enum {string}
             */
            ifUnchanged?: "download" | "skip";
            /**
             * @description Up to 16 short string pairs for the caller's own use.
             * @default {}
             */
            labels?: {
                [key: string]: string;
            };
            /** @description With ifUnchanged "skip": download all the same when the latest snapshot is older than this (30s, 5m, 2h, 1d), as Drive does not see IMPORTRANGE, GOOGLEFINANCE or NOW move. */
            maxAge?: string;
            /** @description A1 ranges (the tab by its title, or as gid:N) or named ranges, instead of tabs. */
            ranges?: string[];
            /** @description A spreadsheet id, or any Google Sheets URL. The tab (gid, sheet) and the range that a URL names are downloaded when tabs and ranges are absent. */
            spreadsheet: string;
            /** @description The tabs to download, by title or gid. Default: every grid tab. */
            tabs?: (string | number)[];
            /**
             * @description typed: numbers, booleans and text; formatted: as shown in Google Sheets; formula: the formulas.
             * @default typed
             * @enum {string}
             */
            values?: "typed" | "formatted" | "formula";
            /** @description Who is told when the sync ends. Only an active sync that tells the same URL is joined, so none is told in vain. */
            webhook?: {
                /** @description An https URL on the public internet. It gets a signed POST (Standard Webhooks) when the sync ends. */
                url: string;
            };
        };
        SyncTab: {
            columns: number;
            files: components["schemas"]["SnapshotFile"][];
            gid: number;
            /** @description The range as asked for, when the request names ranges */
            range: string | null;
            /** @description Rows written so far, the header row not counted */
            rows: number;
            /** @enum {string} */
            state: "waiting" | "downloading" | "done" | "skipped";
            title: string;
        };
        SyncWarning: {
            code: string;
            count: number;
            message: string;
            tab: string | null;
        };
        SyncWebhook: {
            /** @description The latest 10 attempts, oldest first */
            attempts: {
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                at: string;
                durationMs: number;
                error: string | null;
                /** @description HTTP status of the answer; null when there was none */
                status: number | null;
            }[];
            /** @description The revision in which the sync ended, which the message tells */
            endRevision: number | null;
            /** @description When it is tried next; null unless pending */
            nextAttemptAt: string | null;
            /**
             * @description waiting: the sync has not ended yet; pending: it is being sent, or will be tried again
             * @enum {string}
             */
            state: "waiting" | "pending" | "delivered" | "failed";
            /** @description Attempts begun since the end of the sync, or since the latest redelivery was asked for */
            tries: number;
            url: string;
        };
        TabChanges: {
            changes: ({
                /** @constant */
                change: "added";
                /** @description With all its columns */
                row: {
                    [key: string]: unknown;
                };
            } | {
                /** @constant */
                change: "removed";
                /** @description With all the columns it had */
                row: {
                    [key: string]: unknown;
                };
            } | {
                /** @constant */
                change: "changed";
                columns: {
                    [key: string]: {
                        new: unknown;
                        old: unknown;
                    };
                };
                key: {
                    [key: string]: unknown;
                };
            })[];
            /** @description Columns that only one of the snapshots has; no rows are compared by them */
            columns: {
                added: string[];
                removed: string[];
            };
            /** @description Of all pages together */
            counts: {
                added: number;
                changed: number;
                removed: number;
            };
            /** @description Keys that several rows of a snapshot have; their rows are compared whole */
            duplicateKeys: {
                count: number;
                examples: {
                    key: {
                        [key: string]: unknown;
                    };
                    since: number;
                    until: number;
                }[];
            };
            /** @description null where rows are compared whole */
            key: string[] | null;
            /** @description Pass it as cursor for the next page; null on the last one */
            nextCursor: string | null;
            since: {
                /** Format: date-time */
                publishedAt: string;
                syncId: string;
            };
            until: {
                /** Format: date-time */
                publishedAt: string;
                syncId: string;
            };
        };
        TabSchema: {
            columns: {
                /** @description The name in SQL: as `name`, with _2 where another column has it in another case */
                column: string;
                /** @description Cells of each kind, blank ones and errors such as #REF! among them: together as many as rows */
                counts: {
                    blank: number;
                    boolean: number;
                    date: number;
                    datetime: number;
                    duration: number;
                    error: number;
                    integer: number;
                    number: number;
                    text: number;
                    time: number;
                };
                /** @description The first value that is no error, text cut to 100 characters; null where there is none */
                example: string | number | boolean | null;
                /** @description Characters of the longest string in JSON rows, dates and errors among them */
                longest: number;
                /** @description The key in JSON rows; the column's letter where rows are arrays */
                name: string;
                /** @description Whether any cell is blank */
                nullable: boolean;
                /** @description That name as SQL is written: in double quotes where it must be, as "Order" */
                sql: string;
                /** @enum {string} */
                type: "text" | "integer" | "number" | "boolean" | "date" | "time" | "datetime" | "duration" | "mixed" | "empty";
            }[];
            /** Format: date-time */
            publishedAt: string;
            rows: number;
            /**
             * @description arrays with headerRow 0
             * @enum {string}
             */
            rowsAre: "objects" | "arrays";
            syncId: string;
            tab: {
                gid: number;
                range: string | null;
                title: string;
            };
            /** @description What SQL may call the tab: its title, and a slug that needs no quotes */
            tables: string[];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listCredentials: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The credentials */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CredentialList"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    livez: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its rights */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They can */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSchedules: {
        parameters: {
            query?: {
                /** @description How many schedules at the most, 1 to 1000 */
                pageSize?: string;
                /** @description nextPageToken of the page before */
                pageToken?: string;
                /** @description Only schedules of this spreadsheet: its id, or its URL */
                spreadsheet?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SchedulePage"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScheduleBody"];
            };
        };
        responses: {
            /** @description The schedule, recorded durably */
            201: {
                headers: {
                    /** @description Its revision, for If-Match */
                    ETag?: string;
                    /** @description Where it is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a schedule, as POST /schedules answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The schedule */
            200: {
                headers: {
                    /** @description Its revision, for If-Match */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSchedule: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only in this revision: its ETag */
                "if-match"?: string;
            };
            path: {
                /** @description The id of a schedule, as POST /schedules answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patchSchedule: {
        parameters: {
            query?: never;
            header?: {
                /** @description Only in this revision: its ETag */
                "if-match"?: string;
            };
            path: {
                /** @description The id of a schedule, as POST /schedules answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SchedulePatch"];
            };
        };
        responses: {
            /** @description The schedule as it is now */
            200: {
                headers: {
                    /** @description Its revision, for If-Match */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pauseSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a schedule, as POST /schedules answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The schedule, paused */
            200: {
                headers: {
                    /** @description Its revision, for If-Match */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resumeSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a schedule, as POST /schedules answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The schedule, active */
            200: {
                headers: {
                    /** @description Its revision, for If-Match */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    runSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a schedule, as POST /schedules answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sync */
            202: {
                headers: {
                    /** @description Its revision */
                    ETag?: string;
                    /** @description Where the sync can be watched */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sync"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSpreadsheet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id in the URL of the spreadsheet */
                spreadsheetId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The manifest */
            200: {
                headers: {
                    /** @description zstd, gzip or br, as Accept-Encoding prefers; absent where there is none of them */
                    "Content-Encoding"?: string;
                    /** @description The request headers that have a say in what is answered */
                    Vary?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SnapshotManifest"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    eraseSpreadsheet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id in the URL of the spreadsheet */
                spreadsheetId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Erased */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    query: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id in the URL of the spreadsheet */
                spreadsheetId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueryRequest"];
            };
        };
        responses: {
            /** @description The rows */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueryAnswer"];
                    "application/vnd.apache.parquet": string;
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSnapshots: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id in the URL of the spreadsheet */
                spreadsheetId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The snapshots */
            200: {
                headers: {
                    /** @description zstd, gzip or br, as Accept-Encoding prefers; absent where there is none of them */
                    "Content-Encoding"?: string;
                    /** @description The request headers that have a say in what is answered */
                    Vary?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SnapshotList"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTab: {
        parameters: {
            query?: {
                /** @description The format of the rows; without it the Accept header decides */
                format?: "json" | "ndjson" | "csv" | "parquet";
            };
            header?: {
                /** @description Codings with their q-values; of those that are equal zstd comes before gzip and br */
                "accept-encoding"?: string;
                /** @description ETags of which one must be it: otherwise 412 */
                "if-match"?: string;
                /** @description ETags of what the client has, in whatever coding: 304 if one is it */
                "if-none-match"?: string;
                /** @description The ETag without a coding: of other bytes the whole is answered */
                "if-range"?: string;
                /** @description bytes=A-B: that part of the bytes without a coding. Several ranges are answered with the whole */
                range?: string;
            };
            path: {
                /** @description The id in the URL of the spreadsheet */
                spreadsheetId: string;
                /** @description The title of the tab now, in whatever case, or gid:N */
                tab: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rows */
            200: {
                headers: {
                    /** @description bytes, or none where the format is made of another one */
                    "Accept-Ranges"?: string;
                    /** @description Under which name to save it */
                    "Content-Disposition"?: string;
                    /** @description zstd, gzip or br, as Accept-Encoding prefers; absent where there is none of them */
                    "Content-Encoding"?: string;
                    /** @description Names the bytes of this coding; strong */
                    ETag?: string;
                    /** @description When the snapshot was published */
                    "Last-Modified"?: string;
                    /** @description The request headers that have a say in what is answered */
                    Vary?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown[];
                    "application/vnd.apache.parquet": string;
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description The bytes of the range, without a coding */
            206: {
                headers: {
                    /** @description bytes, or none where the format is made of another one */
                    "Accept-Ranges"?: string;
                    /** @description Under which name to save it */
                    "Content-Disposition"?: string;
                    /** @description Which bytes they are, and of how many */
                    "Content-Range"?: string;
                    /** @description Names the bytes of this coding; strong */
                    ETag?: string;
                    /** @description When the snapshot was published */
                    "Last-Modified"?: string;
                    /** @description The request headers that have a say in what is answered */
                    Vary?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown[];
                    "application/vnd.apache.parquet": string;
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description Nothing has changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTabChanges: {
        parameters: {
            query: {
                /** @description nextCursor of the page before, with the same since and key */
                cursor?: string;
                /** @description Names of the columns that tell rows apart, with commas between; without it rows are compared whole */
                key?: string;
                /** @description Changes of a page, 1 to 1,000; 100 without it */
                limit?: string;
                /** @description The sync whose snapshot the rows are compared with; a 404 lists those there are */
                since: string;
            };
            header?: never;
            path: {
                /** @description The id in the URL of the spreadsheet */
                spreadsheetId: string;
                /** @description The title of the tab now, in whatever case, or gid:N */
                tab: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The changes */
            200: {
                headers: {
                    /** @description Of this page of these two snapshots */
                    ETag?: string;
                    /** @description The next page, rel="next" */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TabChanges"];
                };
            };
            /** @description Nothing has changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRows: {
        parameters: {
            query?: {
                /** @description exact: tells how many rows there are in all */
                count?: "exact";
                /** @description nextCursor of the page before, with the same question */
                cursor?: string;
                /** @description Without it the Accept header decides */
                format?: "json" | "ndjson" | "csv";
                /** @description Rows of a page, 1 to 10,000; 100 without it */
                limit?: string;
                /** @description Rows before the page */
                offset?: string;
                /** @description Names of columns, each with asc or desc (and nulls first or last) if need be; rows that are equal then come as in the tab */
                order?: string;
                /** @description The value of a ? in `where`; repeat it for the next one */
                param?: string | string[];
                /** @description Names of columns, with commas between; all of them without it */
                select?: string;
                /** @description A SQL expression over the columns, in the dialect of DuckDB; values go into `param`, and a ? stands for each */
                where?: string;
            };
            header?: never;
            path: {
                /** @description The id in the URL of the spreadsheet */
                spreadsheetId: string;
                /** @description The title of the tab now, in whatever case, or gid:N */
                tab: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rows */
            200: {
                headers: {
                    /** @description Of this page of this snapshot */
                    ETag?: string;
                    /** @description The next page, rel="next" */
                    Link?: string;
                    /** @description Rows in all, where count=exact asked */
                    "X-Total-Count"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RowsPage"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description Nothing has changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTabSchema: {
        parameters: {
            query?: {
                /** @description How it is told; columns without it */
                as?: "columns" | "json-schema" | "typescript";
            };
            header?: never;
            path: {
                /** @description The id in the URL of the spreadsheet */
                spreadsheetId: string;
                /** @description The title of the tab now, in whatever case, or gid:N */
                tab: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The columns, in their order */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TabSchema"];
                    "application/schema+json": {
                        [key: string]: unknown;
                    };
                    "text/plain": string;
                };
            };
            /** @description Nothing has changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How it stands */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceStatus"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSyncs: {
        parameters: {
            query?: {
                /** @description Only syncs that failed with one of these error codes, separated by commas, such as SHEET_FORBIDDEN */
                code?: string;
                /** @description Only syncs with this label, as name=value; repeat it for those that have them all */
                label?: string | string[];
                /** @description How many syncs at the most, 1 to 1000 */
                pageSize?: string;
                /** @description nextPageToken of the page before */
                pageToken?: string;
                /** @description Only syncs with this text in the title or id of their spreadsheet, in their own id or in the value of a label, in whatever case */
                q?: string;
                /** @description Only runs of this schedule: its id */
                schedule?: string;
                /** @description Only syncs of this spreadsheet: its id, or its URL */
                spreadsheet?: string;
                /** @description Only syncs in these states, separated by commas: queued, running, cancelling, interrupted, succeeded, failed, cancelled */
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    /** @description zstd, gzip or br, as Accept-Encoding prefers; absent where there is none of them */
                    "Content-Encoding"?: string;
                    /** @description The request headers that have a say in what is answered */
                    Vary?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncPage"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startSync: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of your choice, such as a UUID: when this request is sent again with the same key and body within 24 hours, no second sync is started and the answer is the first one, as it is by then. */
                "idempotency-key"?: string;
                /** @description W3C Trace Context: the log of the sync carries its trace id; what is not valid is ignored */
                traceparent?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SyncRequestBody"];
            };
        };
        responses: {
            /** @description The sync, recorded durably */
            202: {
                headers: {
                    /** @description Its revision */
                    ETag?: string;
                    /** @description "true" when the sync was started by an earlier request with this key */
                    "Idempotent-Replayed"?: string;
                    /** @description Where the sync can be watched */
                    Location?: string;
                    /** @description The same */
                    "Operation-Location"?: string;
                    /** @description Seconds to wait before the first look, while it is active */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sync"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSync: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the revision that the client has */
                "if-none-match"?: string;
                /** @description wait=N: answer after N seconds (25 at the most) or when there is news */
                prefer?: string;
            };
            path: {
                /** @description The id of a sync, as POST /syncs answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sync as it is now */
            200: {
                headers: {
                    /** @description Its revision, for If-None-Match */
                    ETag?: string;
                    /** @description wait=N when the answer may have waited: N seconds at the most */
                    "Preference-Applied"?: string;
                    /** @description Seconds to wait before the next look, while it is active */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sync"];
                };
            };
            /** @description Nothing has changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSync: {
        parameters: {
            query?: never;
            header?: {
                /** @description Forget it only in this revision: its ETag */
                "if-match"?: string;
            };
            path: {
                /** @description The id of a sync, as POST /syncs answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelSync: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a sync, as POST /syncs answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It was cancelled before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sync"];
                };
            };
            /** @description The cancellation is recorded */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sync"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamSync: {
        parameters: {
            query?: never;
            header?: {
                /** @description The id of the last event that was read */
                "last-event-id"?: string;
            };
            path: {
                /** @description The id of a sync, as POST /syncs answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The client has had the last event; it need not come back */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSyncFiles: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a sync, as POST /syncs answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The files */
            200: {
                headers: {
                    /** @description zstd, gzip or br, as Accept-Encoding prefers; absent where there is none of them */
                    "Content-Encoding"?: string;
                    /** @description The request headers that have a say in what is answered */
                    Vary?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileList"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSyncFile: {
        parameters: {
            query?: never;
            header?: {
                /** @description Codings with their q-values; of those that are equal zstd comes before gzip and br */
                "accept-encoding"?: string;
                /** @description ETags of which one must be it: otherwise 412 */
                "if-match"?: string;
                /** @description ETags of what the client has, in whatever coding: 304 if one is it */
                "if-none-match"?: string;
                /** @description The ETag without a coding: of other bytes the whole is answered */
                "if-range"?: string;
                /** @description bytes=A-B: that part of the bytes without a coding. Several ranges are answered with the whole */
                range?: string;
            };
            path: {
                /** @description The id of a sync, as POST /syncs answered it */
                id: string;
                /** @description As listed */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file */
            200: {
                headers: {
                    /** @description bytes, or none where the format is made of another one */
                    "Accept-Ranges"?: string;
                    /** @description Under which name to save it */
                    "Content-Disposition"?: string;
                    /** @description zstd, gzip or br, as Accept-Encoding prefers; absent where there is none of them */
                    "Content-Encoding"?: string;
                    /** @description Names the bytes of this coding; strong */
                    ETag?: string;
                    /** @description When the snapshot was published */
                    "Last-Modified"?: string;
                    /** @description The request headers that have a say in what is answered */
                    Vary?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown[];
                    "application/vnd.apache.parquet": string;
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description The bytes of the range, without a coding */
            206: {
                headers: {
                    /** @description bytes, or none where the format is made of another one */
                    "Accept-Ranges"?: string;
                    /** @description Under which name to save it */
                    "Content-Disposition"?: string;
                    /** @description Which bytes they are, and of how many */
                    "Content-Range"?: string;
                    /** @description Names the bytes of this coding; strong */
                    ETag?: string;
                    /** @description When the snapshot was published */
                    "Last-Modified"?: string;
                    /** @description The request headers that have a say in what is answered */
                    Vary?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown[];
                    "application/vnd.apache.parquet": string;
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description Nothing has changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retrySync: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a sync, as POST /syncs answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The new sync */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sync"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redeliverWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a sync, as POST /syncs answered it */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It will be sent; webhook.attempts shows what comes of it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sync"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamSyncs: {
        parameters: {
            query?: {
                /** @description Only syncs that failed with one of these error codes, separated by commas, such as SHEET_FORBIDDEN */
                code?: string;
                /** @description Only syncs with this label, as name=value; repeat it for those that have them all */
                label?: string | string[];
                /** @description Only syncs with this text in the title or id of their spreadsheet, in their own id or in the value of a label, in whatever case */
                q?: string;
                /** @description Only runs of this schedule: its id */
                schedule?: string;
                /** @description Only syncs of this spreadsheet: its id, or its URL */
                spreadsheet?: string;
                /** @description Only syncs in these states, separated by commas: queued, running, cancelling, interrupted, succeeded, failed, cancelled */
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The headers are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Says what is wrong: code, detail, and a hint where it can be mended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
