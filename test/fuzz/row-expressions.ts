import fc from 'fast-check'

/** Headers of the tab that is asked: what SQL reserves, what it cannot read, what is equal but for its case, none. */
export const HEADERS = [
  'Order',
  'price',
  'limit',
  '"',
  ';',
  '😀',
  '',
  'name',
  'Name',
  "it's",
  'a,b',
  'a desc',
  'When',
  '--',
]
/** As the engine has them. */
const COLUMNS = [
  'Order',
  'price',
  'limit',
  '"',
  ';',
  '😀',
  'G',
  'name',
  'Name_2',
  "it's",
  'a,b',
  'a desc',
  'When',
  '--',
]

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const column = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...COLUMNS).map(quoted) },
  { weight: 1, arbitrary: fc.constantFrom('price', 'PRICE', 'rowid', 'nosuch', 'Order', 'f0.t.price', 'data.price') },
)
const literal = fc.oneof(
  fc.integer().map(String),
  fc.double().map(String),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `'${text.replaceAll("'", "''")}'`),
  fc.constantFrom(
    'NULL',
    'true',
    "DATE '2020-01-31'",
    'INTERVAL 3 DAY',
    '[1, 2]',
    "{'a': 1}",
    'MAP {1: 2}',
    '1e999',
    '0x1F',
    '?',
    '$1',
    '$2',
  ),
)
const CALLS = [
  'abs',
  'length',
  'lower',
  'upper',
  'trim',
  'reverse',
  'hash',
  'md5',
  'typeof',
  'year',
  'count',
  'sum',
  'list',
  'first',
  'unnest',
  'json',
  'to_json',
  'epoch',
  'ascii',
  'sqrt',
  'ln',
  'nosuch',
  'current_setting',
  'error',
  'TRY',
]
const PAIRS = [
  'levenshtein',
  'regexp_matches',
  'starts_with',
  'contains',
  'coalesce',
  'strftime',
  'date_trunc',
  'round',
  'repeat',
  'list_contains',
  'string_split',
  'json_extract',
  'concat',
  'printf',
  'range',
  'list_extract',
  'greatest',
  'nullif',
]
const TYPES = [
  'INT',
  'VARCHAR',
  'DOUBLE',
  'DATE',
  'TIMESTAMP',
  'INT[]',
  'JSON',
  'DECIMAL(9,2)',
  'UUID',
  'BLOB',
  'STRUCT(a INT)',
  'INTERVAL',
  'BIT',
  'NOSUCH',
]
const OPERATORS = [
  '=',
  '<>',
  '<',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '**',
  '||',
  'AND',
  'OR',
  'LIKE',
  'ILIKE',
  'SIMILAR TO',
  '~',
  'GLOB',
  'IS DISTINCT FROM',
  '&',
  '<<',
  '->',
  '->>',
  '^@',
]

const { expression: valid } = fc.letrec<{ expression: string }>((tie) => {
  const one = tie('expression')
  return {
    expression: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      column,
      literal,
      fc.tuple(one, fc.constantFrom(...OPERATORS), one).map(([a, by, b]) => `${a} ${by} ${b}`),
      one.map((a) => `(${a})`),
      one.map((a) => `NOT ${a}`),
      fc.tuple(fc.constantFrom(...CALLS), one).map(([name, a]) => `${name}(${a})`),
      fc.tuple(fc.constantFrom(...PAIRS), one, one).map(([name, a, b]) => `${name}(${a}, ${b})`),
      fc.tuple(one, fc.constantFrom(...TYPES)).map(([a, type]) => `TRY_CAST(${a} AS ${type})`),
      fc.tuple(one, fc.constantFrom(...TYPES)).map(([a, type]) => `(${a})::${type}`),
      fc.tuple(one, one, one).map(([a, b, c]) => `CASE WHEN ${a} THEN ${b} ELSE ${c} END`),
      fc.tuple(one, fc.array(one, { minLength: 1, maxLength: 4 })).map(([a, list]) => `${a} IN (${list})`),
      fc.tuple(one, one, one).map(([a, b, c]) => `${a} BETWEEN ${b} AND ${c}`),
      one.map((a) => `EXISTS (SELECT ${a} FROM f0.t LIMIT 3)`),
      one.map((a) => `${a} = (SELECT max(x) FROM range(5) r(x))`),
      fc.tuple(one, column).map(([a, by]) => `row_number() OVER (PARTITION BY ${a} ORDER BY ${by}) < 3`),
      fc.tuple(one, one).map(([a, b]) => `list_filter([${a}, ${b}], x -> x = ${a})`),
      fc.tuple(one, one).map(([a, b]) => `list_transform([${a}], lambda x: ${b})`),
      fc
        .tuple(one, fc.constantFrom('(a+)+$', '[', '\\', '(?i)x', '\\p{L}+', '.*'))
        .map(([a, form]) => `regexp_extract(${a}, '${form}')`),
      fc.constantFrom(
        'COLUMNS(*) > 1',
        "COLUMNS(c -> c LIKE 'p%') = 1",
        'ALL (SELECT 1)',
        'x -> x',
        'ARRAY [1]',
        '#1 = 1',
        'DEFAULT',
      ),
    ),
  }
})

/** What is true or false of some rows. */
const { predicate: sound } = fc.letrec<{ predicate: string }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 4 },
    fc
      .tuple(
        fc.constantFrom('price', 'CAST("a,b" AS VARCHAR)::DOUBLE', 'length("Order")', 'rowid'),
        fc.constantFrom('<', '>=', '<>'),
        fc.integer(),
      )
      .map((parts) => parts.join(' ')),
    fc
      .tuple(
        fc.constantFrom('"Order"', 'upper(name::VARCHAR)', '"it\'s"::VARCHAR'),
        fc.constantFrom('LIKE', 'ILIKE', '=', '>'),
      )
      .map((parts) => `${parts.join(' ')} '%1%'`),
    fc.constantFrom(
      "\"When\" BETWEEN DATE '2009-01-01' AND DATE '2009-12-31'",
      'year("When") IN (2009, 2010)',
      'price IS NOT NULL',
      'price > (SELECT avg(price) FROM f0.t)',
      'list_contains([1.5, 3], price)',
      'regexp_matches("Order", \'(a+)+$\')',
      'TRY_CAST("Order" AS INT) IS NULL',
    ),
    fc.tuple(tie('predicate'), fc.constantFrom('AND', 'OR'), tie('predicate')).map(([a, by, b]) => `(${a} ${by} ${b})`),
    tie('predicate').map((a) => `NOT (${a})`),
    fc.tuple(tie('predicate'), tie('predicate')).map(([a, b]) => `CASE WHEN ${a} THEN ${b} ELSE false END`),
  ),
}))

/** What no grammar makes. */
const garbage = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ maxLength: 2000 }),
  fc.constantFrom(
    'a) OR (b',
    '1=1)--',
    "'",
    '"',
    '/*',
    '--',
    ';',
    '\0',
    '\u202e',
    '\ufeff1 = 1',
    '𝒳 = 1',
    'SELECT',
    '$$',
    '$$ $$',
    "e'\\x00'",
    '.',
    '::',
    '[',
    '{',
    '?',
    '$',
    '$999999',
    '$0',
    ':name',
    '@x',
    '`a`',
    '1;2',
    '()',
    'CASE',
    'a.b.c.d.e.f',
    `${'('.repeat(3500)}1${')'.repeat(3500)}`,
    '('.repeat(8000),
    `${'NOT '.repeat(1900)}1`,
    `1${'+1'.repeat(3900)}`,
    '-'.repeat(7999),
    `'${'x'.repeat(7990)}'`,
    '['.repeat(7000),
    `${'x.'.repeat(3000)}x`,
    `a${'[1]'.repeat(2000)}`,
    `${'abs('.repeat(1900)}1${')'.repeat(1900)}`,
    `1 IN (${'1,'.repeat(3900)}1)`,
    `price = 1${' OR price = 1'.repeat(500)}`,
    'CASE WHEN 1 THEN '.repeat(450),
    '(SELECT '.repeat(900),
    '1::INT'.padEnd(7998, '::INT'),
  ),
)

/** A text with some of it gone, doubled or changed. */
const mutated = fc
  .tuple(
    valid,
    fc.nat(1000),
    fc.nat(1000),
    fc.constantFrom('', "'", '"', '(', ')', ';', '\0', '?', '--', '/*', 'é', '😀', ' '),
  )
  .map(([text, from, length, put]) => {
    const at = from % (text.length + 1)
    return text.slice(0, at) + put + text.slice(at + (length % 10))
  })

export const someExpression = fc.oneof(
  { weight: 3, arbitrary: sound },
  { weight: 4, arbitrary: valid },
  { weight: 3, arbitrary: mutated },
  { weight: 2, arbitrary: garbage },
)

const names = fc
  .array(fc.oneof(column, fc.constantFrom(...COLUMNS, 'nosuch', '', '*', ' ')), { minLength: 1, maxLength: 4 })
  .map((list) => list.join(','))
const order = fc
  .array(fc.tuple(column, fc.constantFrom('', ' desc', ' asc nulls first', ' DESC NULLS LAST', ' sideways')), {
    minLength: 1,
    maxLength: 3,
  })
  .map((list) => list.map((parts) => parts.join('')).join(','))
const number = fc.oneof(
  fc.nat(50).map(String),
  fc.constantFrom('0', '-1', '10000', '10001', '1.5', '1e3', 'NaN', '', '99999999999999999999', '0x10', ' 1'),
)

/** What follows the ? of a request for rows. */
export const someRowsQuery: fc.Arbitrary<string> = fc
  .record(
    {
      where: someExpression,
      select: fc.oneof({ weight: 3, arbitrary: names }, { weight: 1, arbitrary: garbage }),
      order: fc.oneof({ weight: 3, arbitrary: order }, { weight: 1, arbitrary: garbage }),
      param: fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 3 }),
      limit: number,
      offset: number,
      cursor: fc.oneof(fc.base64String({ maxLength: 100 }), fc.string({ minLength: 1, maxLength: 20 })),
      count: fc.constantFrom('exact', 'maybe'),
      format: fc.constantFrom('json', 'ndjson', 'csv', 'parquet', 'xml'),
    },
    { requiredKeys: ['where'] },
  )
  .chain((whole) =>
    fc
      .subarray(['select', 'order', 'limit', 'offset', 'cursor', 'count', 'format', 'select', 'limit'] as const, {
        maxLength: 2,
      })
      .map((kept) => {
        const pairs = [['where', whole.where], ...(whole.param ?? []).map((value) => ['param', value])]
        for (const name of new Set(kept)) if (whole[name] !== undefined) pairs.push([name, whole[name]])
        return pairs.map(([name, value = '']) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&')
      }),
  )

const STATEMENTS = [
  'SET threads = 8',
  'RESET ALL',
  'CREATE TABLE x (a INT)',
  'INSERT INTO data VALUES (1)',
  'UPDATE data SET price = 1',
  'DELETE FROM f0.t',
  'DROP TABLE f0.t',
  'ALTER TABLE f0.t ADD COLUMN z INT',
  "COPY data TO '/tmp/x'",
  "ATTACH 'x'",
  'DETACH f0',
  'USE f0',
  'INSTALL httpfs',
  'LOAD httpfs',
  'CHECKPOINT',
  'VACUUM',
  'ANALYZE',
  'BEGIN',
  'PREPARE p AS SELECT 1',
  'EXECUTE p',
  'EXPLAIN SELECT 1',
  'CALL pragma_version()',
  'PRAGMA version',
  'PIVOT data ON price',
  'SELECT 1; SELECT 2',
  ';;',
  "IMPORT DATABASE 'x'",
  'SET VARIABLE x = 1',
  "COMMENT ON TABLE data IS 'x'",
  'TRUNCATE data',
  'CREATE SECRET (TYPE http)',
  'MERGE INTO data USING data ON true WHEN MATCHED THEN DELETE',
  'SHOW TABLES',
  'DESCRIBE data',
  'SUMMARIZE data',
  'FROM data',
  'TABLE data',
  'VALUES (1), (2)',
  'UNPIVOT data ON price',
  'FROM nosuch',
  "SELECT * FROM query('FROM data')",
  'FROM enable_logging()',
  "FROM read_text('/etc/passwd')",
]

/** A body of POST …/query. */
export const someQueryBody: fc.Arbitrary<object> = fc
  .record(
    {
      sql: fc.oneof(
        {
          weight: 4,
          arbitrary: fc.tuple(someExpression, someExpression).map(([a, b]) => `SELECT ${a} AS x FROM data WHERE ${b}`),
        },
        {
          weight: 1,
          arbitrary: fc
            .tuple(someExpression, column)
            .map(([a, by]) => `SELECT ${by}, count(*), any_value(${a}) FROM data GROUP BY ALL`),
        },
        {
          weight: 1,
          arbitrary: someExpression.map((a) => `SELECT * FROM data d JOIN data e ON ${a} USING SAMPLE 3 ROWS`),
        },
        { weight: 1, arbitrary: garbage },
        { weight: 2, arbitrary: fc.constantFrom(...STATEMENTS) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            `SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)}`,
            `SELECT ${'1,'.repeat(20_000)}1`,
            `SELECT '${'x'.repeat(49_000)}'`,
            `${'SELECT * FROM ('.repeat(3000)}`,
            `FROM data${', data'.repeat(4000)}`,
            `SELECT 1${' UNION ALL SELECT 1'.repeat(2500)}`,
            `WITH ${Array.from({ length: 1000 }, (_, at) => `c${at} AS (SELECT 1)`)} SELECT 1`,
          ),
        },
      ),
      params: fc.array(
        fc.oneof(
          fc.integer(),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.string(),
          fc.boolean(),
          fc.constant(null),
          fc.constant({}),
          fc.constant([1]),
        ),
        { maxLength: 3 },
      ),
      limit: fc.oneof(
        { weight: 5, arbitrary: fc.nat(100) },
        { weight: 1, arbitrary: fc.constantFrom<unknown>(-1, 1e9, '5', null, 1.5) },
      ),
      format: fc.constantFrom('json', 'json', 'ndjson', 'csv', 'parquet', 'xml'),
      mystery: fc.constant(1),
    },
    { requiredKeys: ['sql'] },
  )
  .chain((whole) => fc.boolean().map((isPlain) => (isPlain ? { sql: whole.sql } : whole)))
