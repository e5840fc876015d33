import { readdir } from 'node:fs/promises'
import t from 'tap'
import { anEngine } from './an-engine.ts'

const SECRET_FILE = '/etc/hostname'

t.test('only one SELECT is run, whatever else is written', async (t) => {
  const { ask, table, directory } = await anEngine(t)
  await table({ a: 'BIGINT' }, [{ a: 1 }])
  const before = await readdir(directory)
  const refused = [
    '',
    ' ;',
    '-- nothing',
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP VIEW t0',
    'SET threads = 8',
    "SET memory_limit = '8GB'",
    'RESET threads',
    'CREATE TABLE x (a INT)',
    'CREATE TEMP TABLE x AS SELECT 1',
    'CREATE OR REPLACE VIEW t0 AS SELECT 1',
    'CREATE MACRO m(x) AS x',
    "CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')",
    'CREATE SEQUENCE s',
    'INSERT INTO f0.t VALUES (1)',
    'UPDATE f0.t SET a = 2',
    'DELETE FROM f0.t',
    'TRUNCATE f0.t',
    'DROP VIEW t0',
    'ALTER TABLE f0.t ADD COLUMN b INT',
    "COPY t0 TO 'out.csv'",
    "COPY (SELECT 1) TO 'out.parquet'",
    "COPY f0.t FROM 'in.csv'",
    "EXPORT DATABASE 'out'",
    "IMPORT DATABASE 'in'",
    "ATTACH 'other.duckdb'",
    "ATTACH ':memory:' AS other",
    'DETACH f0',
    'USE f0',
    'INSTALL httpfs',
    'LOAD httpfs',
    'LOAD json',
    'CHECKPOINT',
    'FORCE CHECKPOINT',
    'VACUUM',
    'ANALYZE',
    'BEGIN',
    'COMMIT',
    'PREPARE p AS SELECT 1',
    'EXECUTE p',
    'DEALLOCATE p',
    'EXPLAIN SELECT 1',
    'EXPLAIN ANALYZE SELECT 1',
    'CALL pragma_version()',
    'PRAGMA enable_profiling',
    'PRAGMA threads = 4',
    'PIVOT t0 ON a USING count(*)',
    'WITH x AS (INSERT INTO f0.t VALUES (2) RETURNING *) SELECT * FROM x',
    "SELECT * FROM query('DROP VIEW t0')",
    'SELECT $name',
  ]
  for (const sql of refused) {
    await t.rejects(ask(sql), { code: 'QUERY_INVALID', errors: [{ field: 'sql' }] }, JSON.stringify(sql))
  }
  t.same(await readdir(directory), before, 'and nothing is written')
  t.equal((await ask('SELECT a FROM t0')).text, '[{"a":1}\n]\n', 'the table is as it was')
})

t.test('no file but those of the tables can be read', async (t) => {
  const { ask, table, directory } = await anEngine(t)
  await table({ a: 'BIGINT' }, [{ a: 1 }])
  const refused = [
    `SELECT * FROM read_text('${SECRET_FILE}')`,
    `SELECT * FROM read_blob('${SECRET_FILE}')`,
    `SELECT * FROM read_csv('${SECRET_FILE}')`,
    `SELECT * FROM read_json('${SECRET_FILE}')`,
    `SELECT * FROM read_parquet('${SECRET_FILE}')`,
    `SELECT * FROM '${SECRET_FILE}'`,
    `SELECT * FROM '${directory}/rows-0.ndjson'`,
    `SELECT * FROM read_ndjson('${directory}/rows-0.ndjson')`,
    `SELECT * FROM glob('${directory}/*')`,
    "SELECT * FROM read_csv('https://example.org/x.csv')",
    "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    `SELECT * FROM sniff_csv('${SECRET_FILE}')`,
    `SELECT * FROM parquet_metadata('${SECRET_FILE}')`,
    `SELECT * FROM query('SELECT * FROM read_text(''${SECRET_FILE}'')')`,
    "SELECT getenv('PATH')",
    "SELECT getvariable('x') UNION ALL SELECT content FROM read_text('/proc/self/environ')",
  ]
  for (const sql of refused) await t.rejects(ask(sql), { code: 'QUERY_INVALID' }, sql)
})

t.test('nothing that a question does is left to the next one, and none learns of the machine', async (t) => {
  const { ask, table, directory } = await anEngine(t)
  await table({ a: 'BIGINT' }, [{ a: 1 }])
  const [file] = (await readdir(directory)).filter((name) => name.endsWith('.duckdb'))
  const refused = [
    'SELECT * FROM enable_logging()',
    `SELECT * FROM enable_logging(storage = 'file', storage_path = '${directory}/log')`,
    'SELECT * FROM system.main."Enable_Logging"()',
    'SELECT * FROM t0, LATERAL (SELECT * FROM disable_logging())',
    'SELECT (SELECT count(*) FROM enable_profiling())',
    'SELECT * FROM enable_peg_parser()',
    'SELECT * FROM checkpoint()',
    'WITH x AS (FROM force_checkpoint()) FROM x',
    'SELECT * FROM truncate_duckdb_logs()',
    'SELECT * FROM duckdb_logs',
    'SELECT * FROM duckdb_logs()',
    "SELECT write_log('x')",
    "SELECT 'x'.write_log()",
    "SELECT * FROM query('FROM enable_' || 'logging()')",
    "SELECT * FROM query_table('pragma_database_' || 'list')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM enable_logging()'))",
    'SELECT * FROM duckdb_databases()',
    'SELECT * FROM system.main.duckdb_databases',
    'DESCRIBE pragma_database_list',
    'PRAGMA database_list',
    'SELECT * FROM duckdb_settings()',
    'SELECT * FROM pg_catalog.pg_settings',
    "SELECT current_setting('allowed_paths')",
    'SELECT * FROM duckdb_secrets()',
    'SELECT * FROM duckdb_extensions()',
    'SELECT * FROM duckdb_external_file_cache()',
    `SELECT * FROM read_blob('${directory}/${file}')`,
    `SELECT * FROM glob('${directory}/${file}')`,
    `SELECT * FROM read_duckdb('${directory}/${file}')`,
  ]
  for (const sql of refused) {
    await t.rejects(ask(sql), { code: 'QUERY_INVALID' }, sql)
    const expression = { field: 'where', text: `EXISTS (${sql})` }
    await t.rejects(ask('SELECT 1', { expression }), { code: 'QUERY_INVALID', errors: [{ field: 'where' }] }, sql)
  }
  t.equal((await ask('SELECT a FROM t0')).text, '[{"a":1}\n]\n', 'the table is as it was')
  await t.rejects(ask("SELECT a,\n current_setting('threads') FROM t0"), {
    message: /current_setting.*line 2, column 2/,
  })
})

t.test('what SQL has beside tables can be read, and a tab called as a view of DuckDB too', async (t) => {
  const { ask, table, directory } = await anEngine(t)
  await table({ a: 'BIGINT' }, [{ a: 1 }])
  for (const sql of [
    'SELECT * FROM range(3)',
    'SELECT * FROM t0, unnest([1, 2]) u(x)',
    "SELECT * FROM json_each('[1]')",
    'SELECT * FROM duckdb_columns()',
    'SHOW TABLES',
    'DESCRIBE t0',
    'SUMMARIZE t0',
    'FROM t0',
    'VALUES (1)',
    'SELECT * FROM t0 PIVOT (count(*) FOR a IN (1, 2))',
    'SELECT * FROM information_schema.tables',
  ]) {
    await t.resolves(ask(sql), sql)
  }
  const tables = [{ file: `${directory}/table-0.duckdb`, names: ['duckdb_logs'] }]
  t.equal((await ask('SELECT a FROM duckdb_logs', { tables })).text, '[{"a":1}\n]\n')
})

t.test('an expression cannot close the bracket around it, nor be more than one', async (t) => {
  const { ask } = await anEngine(t)
  const refused = [
    'a) OR (b',
    '1 = 1) UNION (SELECT 1',
    'a, b',
    '*',
    'COLUMNS(*)) FROM x WHERE (1 = 1',
    'a AS b',
    'a b',
    'DISTINCT a',
    'a FROM b',
    'a LIMIT 1',
    'a ORDER BY b',
    'a WHERE b',
    'a GROUP BY b',
    'a UNION SELECT b',
    'a; SELECT b',
    'a USING SAMPLE 1',
    '"a',
    "'a",
    '(a',
    'a /*',
    '',
    '-- a',
  ]
  for (const text of refused) {
    const options = { expression: { field: 'where', text } }
    await t.rejects(ask('SELECT 1', options), { code: 'QUERY_INVALID', errors: [{ field: 'where' }] }, text)
  }
  for (const text of [
    'a = 1',
    "a ilike 'x%' -- so",
    '(a)',
    'EXISTS (SELECT 1)',
    'a IN (1, 2)',
    'NOT a',
    'a IS NULL',
    '? < a',
  ]) {
    await t.resolves(ask('SELECT 1', { expression: { field: 'where', text } }), text)
  }
})

t.test('a fault is told in the words of DuckDB, at its line and column', async (t) => {
  const { ask, table } = await anEngine(t)
  await table({ Price: 'DOUBLE' }, [{ Price: 1 }])
  await t.rejects(ask('SELECT\n  Prise\nFROM t0'), {
    message: /Referenced column "Prise" not found[\s\S]*Price[\s\S]*\(line 2, column 3\)/,
  })
  await t.rejects(ask('SELECT Price FROM t0 WHERE Price > 1 +'), { message: /syntax error at end of input/ })
  await t.rejects(ask('SELECT ?, ?', { params: [1] }), { errors: [{ field: 'params' }] })
})
