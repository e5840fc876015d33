import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { anEngine } from '../rows/engine/an-engine.ts'

// Nothing outside the files of the tables is opened, whatever is asked: seen by strace, from when the engine is ready.
const canTrace = spawnSync('strace', ['-V']).status === 0
const CALLS =
  'open,openat,openat2,creat,execve,socket,connect,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,link,symlink,truncate,chmod,mount,ptrace'

const STATEMENTS = [
  'SELECT count(*) FROM t0',
  'SELECT a FROM t0 ORDER BY a DESC',
  "SELECT * FROM read_text('/etc/passwd')",
  "SELECT * FROM read_blob('/etc/hostname')",
  "SELECT * FROM read_csv('/etc/passwd')",
  "SELECT * FROM read_csv_auto(['/etc/passwd', '/etc/group'])",
  "SELECT * FROM read_json('/etc/passwd')",
  "SELECT * FROM read_ndjson_objects('/etc/passwd')",
  "SELECT * FROM read_parquet('/tmp/*.parquet')",
  "SELECT * FROM parquet_scan('x.parquet')",
  "SELECT * FROM parquet_file_metadata('/etc/passwd')",
  "SELECT * FROM parquet_kv_metadata('/etc/passwd')",
  "SELECT * FROM sniff_csv('/etc/passwd')",
  "SELECT * FROM read_duckdb('/tmp/x.duckdb')",
  "SELECT * FROM '/proc/self/environ'",
  "SELECT * FROM '/proc/self/environ.csv'",
  "SELECT * FROM 'https://example.org/x.parquet'",
  "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
  "SELECT * FROM read_text('http://127.0.0.1:9/')",
  "SELECT * FROM glob('/etc/*')",
  "SELECT * FROM glob('~/.duckdb/stored_secrets/*')",
  "SELECT getenv('HOME')",
  'SELECT * FROM duckdb_secrets()',
  "SELECT * FROM which_secret('s3://x', 's3')",
  'SELECT * FROM duckdb_extensions()',
  'SELECT * FROM duckdb_logs',
  'SELECT * FROM duckdb_databases()',
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM duckdb_temporary_files()',
  'SELECT * FROM pragma_database_size()',
  "SELECT * FROM pragma_storage_info('t0')",
  "SELECT current_setting('allowed_paths')",
  "SELECT * FROM enable_logging(storage = 'file', storage_path = '/tmp/sheetsync-log')",
  "SELECT * FROM enable_logging('FileSystem')",
  "SELECT * FROM enable_profiling(save_location = '/tmp/sheetsync-profile')",
  "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
  "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''/etc/passwd'')'))",
  "SELECT json_deserialize_sql(json_serialize_sql('FROM read_text(''/etc/passwd'')'))",
  "SELECT write_log('x')",
  "COPY t0 TO '/dev/stdout'",
  "COPY (SELECT 1) TO '/tmp/sheetsync-copy.parquet'",
  "COPY t0 FROM '/etc/passwd'",
  "EXPORT DATABASE '/tmp/sheetsync-export'",
  "IMPORT DATABASE '/tmp/sheetsync-export'",
  "ATTACH '/tmp/sheetsync.duckdb' AS x",
  "ATTACH 'md:'",
  "ATTACH 'postgres://127.0.0.1/x' AS p (TYPE postgres)",
  "ATTACH IF NOT EXISTS 'x.sqlite' (TYPE sqlite)",
  'INSTALL httpfs',
  'INSTALL spatial FROM community',
  'FORCE INSTALL json',
  'LOAD httpfs',
  "LOAD '/tmp/x.duckdb_extension'",
  'UPDATE EXTENSIONS',
  "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'x')",
  "SET temp_directory = '/tmp'",
  "SET home_directory = '/root'",
  "SET secret_directory = '/tmp'",
  "SET log_query_path = '/tmp/sheetsync-queries'",
  "SET profiling_output = '/tmp/sheetsync-profile'",
  'SET VARIABLE x = 1',
  'PRAGMA enable_profiling',
  "PRAGMA import_database('/tmp')",
  'PRAGMA database_list',
  'CALL pragma_version()',
  "CREATE MACRO m() AS TABLE FROM read_text('/etc/passwd')",
  'CHECKPOINT',
  'SELECT * FROM checkpoint()',
  'SELECT * FROM force_checkpoint()',
  'VACUUM',
  "EXPLAIN ANALYZE SELECT * FROM read_text('/etc/passwd')",
  "SELECT st_read('/etc/passwd')",
  "SELECT * FROM sqlite_scan('/tmp/x.db', 't')",
  "SELECT * FROM iceberg_scan('/tmp/x')",
  'SELECT * FROM icu_calendar_names()',
  "SELECT strftime(TIMESTAMPTZ '2020-01-01 00:00:00+00', '%Z')",
  "SELECT TIMESTAMPTZ '2020-01-01 00:00:00 Europe/Vienna'",
  'SELECT * FROM pg_timezone_names() LIMIT 3',
  "SELECT 'a' COLLATE de < 'b'",
  'SELECT a FROM t0 UNION ALL SELECT range FROM range(3000000) ORDER BY a',
]

t.test(
  'no question opens a file beside the tables, writes, connects or runs anything',
  { skip: !canTrace && 'needs strace', timeout: 240_000 },
  async (t) => {
    const { ask, table, engine, directory } = await anEngine(t, { timeLimitMs: 20_000 })
    await table({ a: 'BIGINT' }, [{ a: 1 }, { a: 2 }])
    await ask('SELECT 1')
    const [pid] = engine.pids
    const log = join(directory, 'strace')
    await writeFile(log, '')
    const trace = spawn('strace', ['-f', '-y', '-p', String(pid), '-o', log, '-e', `trace=${CALLS}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const exited = once(trace, 'exit')
    t.teardown(() => trace.kill('SIGKILL'))
    await once(trace.stderr, 'data')
    await delay(500)
    // Opened anew, as each other set of tables is.
    const tables = [{ file: join(directory, 'table-0.duckdb'), names: ['t0', 'other'] }]
    let answered = 0
    for (const sql of STATEMENTS) {
      await ask(sql, { tables }).then(
        () => (answered += 1),
        ({ code }) => t.ok(['QUERY_INVALID', 'QUERY_LIMIT_EXCEEDED'].includes(code), `${sql}: ${code}`),
      )
    }
    t.same(engine.pids, [pid], 'it was one engine all the time')
    trace.kill('SIGINT')
    await exited
    const opened: string[] = []
    const others: string[] = []
    for await (const line of createInterface({ input: createReadStream(log) })) {
      const [, call = '', path = ''] = /^\d+\s+(\w+)\([^"]*(?:"([^"]*)")?/.exec(line) ?? []
      if (call === '' || /resumed>/.test(line)) continue
      const isRead = /^open/.test(call) && !/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(line)
      if (isRead) opened.push(path)
      else others.push(line)
    }
    const file = join(directory, 'table-0.duckdb')
    const allowed = (path: string) =>
      path === file ||
      path === `${file}.wal` ||
      /^\/proc\/self\/|^\/sys\/fs\/cgroup\/|^\/proc\/meminfo$|^\/sys\/devices\/system\/cpu\//.test(path)
    t.comment(`${STATEMENTS.length} statements, ${answered} answered; opened: ${[...new Set(opened)].join(', ')}`)
    t.ok(opened.includes(file), 'what is opened is seen')
    t.same([...new Set(opened.filter((path) => !allowed(path)))], [])
    t.same(others, [], 'nothing is written, removed, connected or run')
  },
)
