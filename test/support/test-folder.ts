import type { Test } from 'tap'

/**
 * A folder of the test's own, with these contents, which is removed after all teardowns. `testdir` alone removes it before
 * them, where it is called before the first `teardown`: beneath servers that still write to it.
 */
export function testFolder(t: Test, contents: Parameters<Test['testdir']>[0] = {}): string {
  t.teardown(() => {})
  return t.testdir(contents)
}
