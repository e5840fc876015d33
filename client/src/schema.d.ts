// Generated from openapi/openapi.json by "npm run schema -w client"; do not edit.
export interface paths {
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
    "/spreadsheets/{spreadsheetId}/tabs/{tab}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the rows of a tab
         * @description The rows of the newest snapshot that holds the tab in that format. 406 lists the formats there are.
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
    "/syncs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List syncs
         * @description One page of syncs, newest first. A page may hold fewer than pageSize: it ends where it has 4 MB, and with a key that is for some spreadsheets it leaves out the others; nextPageToken says whether more follow.
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
         * @description The bytes, whole or in a Range, with the SHA-256 as ETag.
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        FileList: {
            files: {
                bytes: number;
                /** @enum {string} */
                format: "json" | "ndjson" | "csv";
                href: string;
                name: string;
                sha256: string;
                tab: {
                    gid: number;
                    title: string;
                };
            }[];
        };
        /** @description application/problem+json, RFC 9457 */
        Problem: {
            /** @enum {string} */
            code: "VALIDATION_FAILED" | "BODY_NOT_JSON" | "PAGE_TOKEN_INVALID" | "BODY_TOO_LARGE" | "MEDIA_TYPE_UNSUPPORTED" | "ROUTE_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "NOT_ACCEPTABLE" | "PRECONDITION_FAILED" | "RANGE_NOT_SATISFIABLE" | "REQUEST_MALFORMED" | "REQUEST_TIMEOUT" | "HEADERS_TOO_LARGE" | "API_KEY_MISSING" | "API_KEY_INVALID" | "API_KEY_SCOPE" | "SPREADSHEET_NOT_ALLOWED" | "HOST_NOT_ALLOWED" | "CROSS_SITE_REFUSED" | "RATE_LIMITED" | "TOO_MANY_ACTIVE" | "TOO_MANY_KEPT" | "TOO_MANY_IDEMPOTENCY_KEYS" | "TOO_MANY_STREAMS" | "SNAPSHOTS_FULL" | "TOO_MANY_DOWNLOADS" | "QUEUE_FULL" | "SYNC_NOT_FOUND" | "SYNC_ACTIVE" | "SYNC_FINISHED" | "SYNC_NOT_RETRYABLE" | "SYNC_EXISTS" | "WEBHOOK_NOT_DELIVERABLE" | "WEBHOOK_SENT_OFTEN" | "FILES_NOT_READY" | "FILE_NOT_FOUND" | "SNAPSHOT_NOT_FOUND" | "TAB_NOT_FOUND" | "RANGE_NOT_FOUND" | "IDEMPOTENCY_KEY_REUSED" | "SYNC_GONE" | "IDEMPOTENCY_KEY_IN_FLIGHT" | "STATUS_CORRUPT" | "STATUS_FORMAT_NEWER" | "SNAPSHOT_CORRUPT" | "STORAGE_UNAVAILABLE" | "STORAGE_BUSY" | "STORAGE_FULL" | "SHUTTING_DOWN" | "INTERNAL" | "SYNC_POISONED" | "SYNC_TOO_LARGE" | "SYNC_DEADLINE_EXCEEDED" | "SHEET_FORBIDDEN" | "SHEET_NOT_FOUND" | "SHEET_NOT_GOOGLE" | "GOOGLE_CREDENTIAL_MISSING" | "GOOGLE_CREDENTIAL_INVALID" | "GOOGLE_CREDENTIAL_RESTRICTED" | "GOOGLE_API_DISABLED" | "GOOGLE_QUOTA_EXCEEDED" | "GOOGLE_UNAVAILABLE" | "GOOGLE_UNREACHABLE" | "GOOGLE_REQUEST_REFUSED" | "GOOGLE_ANSWER_INCOMPLETE" | "HEADER_TOO_LARGE" | "GOOGLE_ANSWER_TOO_LARGE";
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
        SnapshotFile: {
            bytes: number;
            /** @enum {string} */
            format: "json" | "ndjson" | "csv";
            href: string;
            name: string;
            sha256: string;
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
                    format: "json" | "ndjson" | "csv";
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
            /** @description How long to wait before the next poll; null once finished */
            pollAfterMs: number | null;
            progress: components["schemas"]["SyncProgress"];
            request: components["schemas"]["SyncRequest"];
            retryOf: string | null;
            /** @description Grows by one at every visible change; the ETag */
            revision: number;
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
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            updatedAt: string;
            warnings: components["schemas"]["SyncWarning"][];
            /** @description How its end is told; null when nobody asked for that */
            webhook: components["schemas"]["SyncWebhook"] | null;
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
            csv: {
                bom: boolean;
                /** @enum {string} */
                injection: "escape" | "raw";
            };
            /** @enum {string} */
            dates: "iso" | "serial";
            formats: ("json" | "ndjson" | "csv")[];
            headerRow: number;
            /** @enum {string} */
            ifActive: "join" | "start";
            /** @enum {string} */
            ifUnchanged: "download" | "skip";
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
         */
        SyncRequestBody: {
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
            /**
             * @description The file formats to write for each tab.
             * @default [
             *       "json"
             *     ]
             */
            formats?: ("json" | "ndjson" | "csv")[];
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
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
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
    getTab: {
        parameters: {
            query?: {
                /**
                 * @description The format of the rows; without it the Accept header decides
                 * @example json
                 */
                format?: "json" | "ndjson" | "csv";
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
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown[];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description The bytes of the range */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown[];
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
    listSyncs: {
        parameters: {
            query?: {
                /**
                 * @description How many syncs at the most, 1 to 1000
                 * @example 50
                 */
                pageSize?: string;
                /**
                 * @description nextPageToken of the page before
                 * @example c3luYy0wMTk4YzViNA
                 */
                pageToken?: string;
                /**
                 * @description Only syncs of this spreadsheet: its id, or its URL
                 * @example 1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms
                 */
                spreadsheet?: string;
                /**
                 * @description Only syncs in these states, separated by commas: queued, running, cancelling, interrupted, succeeded, failed, cancelled
                 * @example queued,running
                 */
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
                /**
                 * @description A key of your choice, such as a UUID: when this request is sent again with the same key and body within 24 hours, no second sync is started and the answer is the first one, as it is by then.
                 * @example 7f1d9a60-4f0c-4d6e-9a51-0c5a3c7f9f10
                 */
                "idempotency-key"?: string;
                /**
                 * @description W3C Trace Context: the log of the sync carries its trace id; what is not valid is ignored
                 * @example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
                 */
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
                /**
                 * @description The ETag of the revision that the client has
                 * @example "7"
                 */
                "if-none-match"?: string;
                /**
                 * @description wait=N: answer after N seconds (25 at the most) or when there is news
                 * @example wait=25
                 */
                prefer?: string;
            };
            path: {
                /**
                 * @description The id of a sync, as POST /syncs answered it
                 * @example sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01
                 */
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
                /**
                 * @description Forget it only in this revision: its ETag
                 * @example "7"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of a sync, as POST /syncs answered it
                 * @example sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01
                 */
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
                /**
                 * @description The id of a sync, as POST /syncs answered it
                 * @example sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01
                 */
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
                /**
                 * @description The id of the last event that was read
                 * @example 4
                 */
                "last-event-id"?: string;
            };
            path: {
                /**
                 * @description The id of a sync, as POST /syncs answered it
                 * @example sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01
                 */
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
                /**
                 * @description The id of a sync, as POST /syncs answered it
                 * @example sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The files */
            200: {
                headers: {
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
            header?: never;
            path: {
                /**
                 * @description The id of a sync, as POST /syncs answered it
                 * @example sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01
                 */
                id: string;
                /**
                 * @description As listed
                 * @example class-data-0.json
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown[];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description The bytes of the range */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown[];
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
                /**
                 * @description The id of a sync, as POST /syncs answered it
                 * @example sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01
                 */
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
                /**
                 * @description The id of a sync, as POST /syncs answered it
                 * @example sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01
                 */
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
}
