/**
 * How the tables came to be, one step after the other. A step that has been released is never changed: what comes next is
 * a new one, and adds only, so that instances of the release before go on beside it. Names are found by search_path, also
 * while a function runs, as each is bound to its schema.
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

  -- Beats are worth nothing after a crash of the server: no log is written for them.
  CREATE UNLOGGED TABLE leases (
    sync_id text COLLATE "C",
    epoch bigint,
    beat text NOT NULL,
    PRIMARY KEY (sync_id, epoch)
  ) WITH (fillfactor = 50);

  CREATE TABLE idempotency_keys (
    key text COLLATE "C" PRIMARY KEY,
    fingerprint text NOT NULL,
    sync_id text NOT NULL,
    -- Drawn by whoever reserves: tells its own reservation when the answer to it was lost.
    holder uuid NOT NULL,
    reserved_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    answer json
  );
  CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

  CREATE TABLE read_budgets (
    name text COLLATE "C" PRIMARY KEY,
    last_grant timestamptz NOT NULL DEFAULT '-infinity',
    paused_until timestamptz NOT NULL DEFAULT '-infinity'
  );
  CREATE TABLE reads (
    id text PRIMARY KEY,
    budget text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    taken_at timestamptz NOT NULL,
    done_at timestamptz
  );
  CREATE INDEX reads_by_budget ON reads (budget, taken_at);

  -- When so many of the reads taken are free again at the earliest: one under way not before a minute from now.
  CREATE FUNCTION read_freed_at(of_budget text, nth int, instant timestamptz) RETURNS timestamptz LANGUAGE sql
  SET search_path FROM CURRENT AS $$
    SELECT until FROM (
      SELECT coalesce(done_at + interval '1 minute',
        least(instant + interval '1 minute', taken_at + interval '10 minutes')) AS until
      FROM reads WHERE budget = of_budget
    ) AS taken ORDER BY until OFFSET nth - 1 LIMIT 1
  $$;

  -- Milliseconds to wait, or null when the read was taken. The rule is that of ReadQuota (src/sheets/quota.ts), by the
  -- clock of this server; who asks at the same time waits for the row of the budget.
  CREATE FUNCTION take_read(of_budget text, read_id text, of_key text, allowed int) RETURNS int LANGUAGE plpgsql
  SET search_path FROM CURRENT AS $$
  DECLARE
    a_window constant interval := '1 minute';
    reserve constant int := least(4, allowed / 10);
    budget read_budgets%ROWTYPE;
    instant timestamptz;
    free int;
    own int;
    is_small boolean;
    spare int;
    back timestamptz;
    at timestamptz;
  BEGIN
    INSERT INTO read_budgets (name) VALUES (of_budget) ON CONFLICT DO NOTHING;
    SELECT * INTO budget FROM read_budgets WHERE name = of_budget FOR UPDATE;
    instant := clock_timestamp();
    IF EXISTS (SELECT FROM reads WHERE id = read_id) THEN
      RETURN NULL;
    END IF;
    -- One whose end was never told belonged to a process that has died.
    DELETE FROM reads WHERE reads.budget = of_budget
      AND coalesce(done_at + a_window, taken_at + interval '10 minutes') <= instant;
    SELECT allowed - count(*), count(*) FILTER (WHERE key = of_key) INTO free, own
      FROM reads WHERE reads.budget = of_budget;
    is_small := own < least(8, allowed / 4.0);
    spare := free - CASE WHEN is_small THEN 0 ELSE reserve END;
    at := instant;
    IF spare <= 0 THEN
      at := read_freed_at(of_budget, 1 - spare, instant);
    ELSIF NOT is_small AND free <= allowed / 2.0 THEN
      back := least(read_freed_at(of_budget, 1, instant), instant + a_window);
      at := least(greatest(instant, budget.last_grant + (back - instant) / spare), back);
    END IF;
    at := greatest(at, budget.paused_until);
    IF at > instant THEN
      RETURN ceil(extract(epoch FROM at - instant) * 1000);
    END IF;
    INSERT INTO reads (id, budget, key, taken_at) VALUES (read_id, of_budget, of_key, instant);
    UPDATE read_budgets SET last_grant = instant WHERE name = of_budget;
    RETURN NULL;
  END $$;
  `,
]
