import { spawnSync } from 'node:child_process'
import t from 'tap'
import { ROOT } from './support/service.ts'

t.test('a log line holds no credential, whatever was put into its message and fields, and stays JSON', async (t) => {
  const secret = 'quoted "canary" secret'
  const key = 'AIzaSyA0000000000000000000000000000000x'
  const program = `
    import { createLogger } from './src/logger.ts'
    import { rememberSecrets } from './src/redaction.ts'
    const [secret, key] = ${JSON.stringify([secret, key])}
    rememberSecrets([secret])
    const pem = '-----BEGIN PRIVATE KEY-----\\ncanary\\n-----END PRIVATE KEY-----\\n'
    const err = Object.assign(new Error(secret, { cause: new Error(key) }), { code: key, config: secret })
    createLogger('trace').trace({ err, secret, deep: [{ [key]: pem }], base64: btoa(secret) }, 'says ' + secret + key)
  `
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT })
  t.equal(stderr.toString(), '')
  t.notMatch(stdout.toString(), /canary|AIza|PRIVATE|cXVvdGVk/)
  t.match(JSON.parse(stdout.toString()), { level: 10, msg: 'says [redacted][redacted]', secret: '[redacted]' })
})

t.test('made readable it holds no credential either, and nothing that commands the terminal', async (t) => {
  const program = `
    import { createLogger } from './src/logger.ts'
    import { prettyLines } from './src/pretty-lines.ts'
    import { rememberSecrets } from './src/redaction.ts'
    rememberSecrets(['quoted "canary" secret'])
    const log = createLogger('info', await prettyLines({ colorize: process.argv[1] === 'colours' }))
    const err = new Error('quoted "canary" secret', { cause: new Error('AIzaSyA0000000000000000000000000000000x') })
    log.error({ err, tab: 'quoted "canary" secret' }, 'says quoted "canary" secret')
    log.warn({ reason: 'a \\x1b[2J\\r\\n[00:00:00.000] INFO: forged \\x9b2J', tab: '\\x1b[2J' }, 'refused')
  `
  const print = (...how: string[]) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', program, '--', ...how], { cwd: ROOT })
  const { stdout, stderr } = print()
  t.equal(stderr.toString(), '')
  t.notMatch(stdout.toString(), /canary|AIza/)
  t.match(stdout.toString(), /^\[[\d:.]+\] ERROR: says \[redacted\] .*"tab":"\[redacted\]"/)
  t.match(
    stdout.toString(),
    /\n {4}Error: \[redacted\]\n {8}at .*\n {4}caused by: Error: \[redacted\]\n {8}at /,
    'with its stack',
  )
  t.match(stdout.toString(), 'WARN: refused: a \\u001b[2J\\u000d\\u000a[00:00:00.000] INFO: forged \\u009b2J {"tab"')
  t.notMatch(stdout.toString().replaceAll('\n', ''), /\p{Cc}/u)
  t.match(print('colours').stdout.toString(), '\x1b[31mERROR\x1b[39m', 'colours where they are wanted')
})

t.test(
  'a failure with a code is one line of code and reason; what has none, and debugging, brings a stack',
  async (t) => {
    const program = `
    import { AppError } from './src/errors.ts'
    import { createLogger } from './src/logger.ts'
    const cause = new AggregateError([Object.assign(new Error('connect\\nrefused'), { code: 'ECONNREFUSED' })], '')
    const err = new AppError('STORAGE_UNAVAILABLE', 'The status cannot be read.', { cause })
    const log = createLogger(process.argv[1])
    log.warn({ err }, 'a task failed')
    log.warn({ err, syncId: 'sync-1' }, 'a task failed')
    log.error({ err: new AppError('INTERNAL', 'Broken.') }, 'another task failed')
  `
    const failed = { level: 40, code: 'STORAGE_UNAVAILABLE', reason: 'The status cannot be read: connect refused' }
    const broken = { level: 50, err: { type: 'AppError', message: 'Broken.', stack: /at / } }
    const linesAt = (level: string) => {
      const args = ['--input-type=module', '-e', program, '--', level]
      const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT })
      const lines = stdout.toString().trim().split('\n')
      return lines.map((line) => JSON.parse(line))
    }
    const [first, ...others] = linesAt('info')
    t.match(first, failed)
    t.notOk('err' in first)
    t.match(others, [broken], 'what repeats is withheld')
    t.match(linesAt('debug'), [
      { ...failed, err: { stack: /at / } },
      { ...failed, level: 20, syncId: 'sync-1' },
      broken,
    ])
  },
)
