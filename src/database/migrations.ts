/**
 * How the tables came to be, one step after the other. A step that has been released is never changed: what comes next is
 * a new one, and adds only, so that instances of the release before go on beside it. Tables and indexes only: no rule is
 * kept here. (Older databases also have the tables `leases`, `idempotency_keys`, `read_budgets` and `reads` and the functions
 * `take_read` and `read_freed_at`, which nothing uses any more.)
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE syncs (
    id text COLLATE "C" PRIMARY KEY,
    -- Sorts as the id does, in less than half the space. No index begins with it, so that the only order by it comes
    -- from an index that also serves the filter.
    moment uuid NOT NULL GENERATED ALWAYS AS (substr(id, 6)::uuid) STORED,
    revision bigint NOT NULL,
    -- Drawn by the writer: tells its own write when the answer to it was lost.
    write_id uuid NOT NULL,
    state text COLLATE "C" NOT NULL,
    spreadsheet_id text COLLATE "C" NOT NULL,
    created_by text COLLATE "C",
    webhook_state text COLLATE "C",
    finished_at timestamptz,
    expires_at timestamptz,
    set_aside_at timestamptz,
    -- json keeps the text as it came; jsonb would sort keys and drop what it does not tell apart.
    record json NOT NULL
  ) WITH (fillfactor = 80);
  CREATE INDEX syncs_by_state ON syncs (state, moment);
  CREATE INDEX syncs_by_spreadsheet ON syncs (spreadsheet_id, state, moment);
  CREATE INDEX syncs_by_creator ON syncs (created_by, state, moment) WHERE created_by IS NOT NULL;
  CREATE INDEX syncs_by_spreadsheet_and_creator ON syncs (spreadsheet_id, created_by, state, moment)
    WHERE created_by IS NOT NULL;
  CREATE INDEX syncs_with_webhook ON syncs (state, moment) WHERE webhook_state = 'pending';
  CREATE INDEX syncs_by_expiry ON syncs (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX syncs_by_end ON syncs (finished_at) WHERE finished_at IS NOT NULL;

  CREATE TABLE probe (single boolean PRIMARY KEY DEFAULT true CHECK (single), written_at timestamptz NOT NULL);
  INSERT INTO probe (written_at) VALUES (clock_timestamp());
  `,
  `
  CREATE TABLE entries (
    namespace text COLLATE "C",
    key text COLLATE "C",
    -- Drawn by the writer: what a compare-and-swap compares, and tells its own write when the answer to it was lost.
    version text NOT NULL,
    value json NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (namespace, key)
  ) WITH (fillfactor = 50);
  CREATE INDEX entries_by_expiry ON entries (namespace, expires_at) WHERE expires_at IS NOT NULL;

  -- Heartbeats are worth nothing after a crash of the server: no log is written for them.
  CREATE UNLOGGED TABLE ephemeral_entries (LIKE entries INCLUDING ALL) WITH (fillfactor = 50);
  `,
  `
  ALTER TABLE syncs ADD COLUMN schedule_id text COLLATE "C";
  CREATE INDEX syncs_by_schedule ON syncs (schedule_id, state, moment) WHERE schedule_id IS NOT NULL;
  `,
]
