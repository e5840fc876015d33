import { text } from 'node:stream/consumers'
import t from 'tap'
import { BriefTap } from './brief-tap.ts'

const PASSED = `# Subtest: test/good.test.ts
    # Subtest: one
        ok 1 - should be equal
        1..1
    ok 1 - one # time=3ms

    ok 2 - two # SKIP there is no server
    1..2
    # { total: 2, pass: 1, skip: 1 }
ok 1 - test/good.test.ts # time=9ms

`
const FAILED = `# Subtest: test/bad.test.ts
    # Subtest: one
        ok 1 - should be equal
        not ok 2 - should be equal
          ---
          diff: |
            -1
            +2
          ...
        1..2
    not ok 1 - one # time=3ms
    ok 2 - a result without a subtest
    # Subtest: two
        ok 1 - should be equal
        1..1
    ok 3 - two # time=3ms
    1..3
not ok 2 - test/bad.test.ts # time=9ms
  ---
  exitCode: 1
  ...
`

async function brief(tap: string, size = tap.length): Promise<string> {
  const stream = new BriefTap()
  for (let at = 0; at < tap.length; at += size) stream.write(tap.slice(at, at + size))
  stream.end()
  return text(stream)
}

t.test('a file that passed is one line, after what it skipped', async (t) => {
  t.equal(await brief(PASSED), '    ok 2 - two # SKIP there is no server\nok 1 - test/good.test.ts # time=9ms\n')
})

t.test('a failure is shown wholly, without what passed beside it, and named once more at the end', async (t) => {
  const expected = `# Subtest: test/bad.test.ts
    # Subtest: one
        not ok 2 - should be equal
          ---
          diff: |
            -1
            +2
          ...
        1..2
    not ok 1 - one # time=3ms
    1..3
not ok 2 - test/bad.test.ts # time=9ms
  ---
  exitCode: 1
  ...
# { total: 5, pass: 4, fail: 1 }
# failed: test/bad.test.ts
`
  const tap = `${FAILED}# { total: 5, pass: 4, fail: 1 }\n`
  t.equal(await brief(tap), expected)
  t.equal(await brief(tap, 7), expected, 'however its bytes are cut')
})

t.test('a file that was cut off shows what it came to', async (t) => {
  t.match(await brief(FAILED.slice(0, FAILED.indexOf('    not ok 1'))), /not ok 2 - should be equal/)
})
