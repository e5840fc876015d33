import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import t from 'tap'
import { AppError } from '../src/errors.ts'
import { rememberSecrets } from '../src/redaction.ts'
import { startFailure } from '../src/start-failure.ts'
import { aDirectory, aServiceProcess, environmentFor } from './support/service.ts'

const AT = { host: '127.0.0.1', port: 80 }
const failed = (syscall: string, code: string) =>
  Object.assign(new Error(`${syscall} ${code}: it says so`), { syscall, code })

t.test(
  'a port that is taken is said in one plain line on standard error; nothing hangs, and the log is silent',
  async (t) => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    t.teardown(() => other.close())
    const { port } = other.address() as { port: number }
    const line = `Sheetsync cannot start: the port ${port} of 127.0.0.1 is taken by another program; stop it, or set PORT.\n`
    await t.rejects(aServiceProcess(t, { ...environmentFor(await aDirectory(t)), PORT: String(port) }), {
      message: `the service ended with 1 before it listened: ${line}`,
    })
  },
)

t.test('what cannot be listened at names host, port and the setting that mends it', async (t) => {
  t.match(startFailure(failed('listen', 'EACCES'), AT), /the port 80 of 127\.0\.0\.1.*set PORT/)
  t.match(startFailure(failed('listen', 'EADDRNOTAVAIL'), AT), /^127\.0\.0\.1 is no address .*set HOST/)
  t.match(startFailure(failed('getaddrinfo', 'ENOTFOUND'), { ...AT, host: 'nowhere' }), /^HOST is nowhere.*ENOTFOUND/)
  t.match(startFailure(failed('listen', 'EINVAL'), AT), /EINVAL.*set HOST and PORT/)
})

t.test(
  'a failure with a code is one line with its cause and its hint, one without has its stack, none a secret',
  async (t) => {
    rememberSecrets(['hunter2hunter2'])
    const cause = new Error('password\n"hunter2hunter2" refused')
    t.equal(
      startFailure(new AppError('STORAGE_UNAVAILABLE', 'No database.', { cause, hint: 'Check STORAGE_URL.' }), AT),
      'No database: password "[redacted]" refused. Check STORAGE_URL.',
    )
    const unforeseen = startFailure(new TypeError('hunter2hunter2 is not a function'), AT)
    t.match(unforeseen, /^\[redacted\] is not a function\nTypeError: .*\n {4}at /)
    t.notMatch(unforeseen, 'hunter2')
  },
)

t.test('a folder in which keys cannot be claimed is said with the setting that names it', async (t) => {
  const directory = await aDirectory(t)
  await mkdir(`${directory}/sync-status`)
  await writeFile(`${directory}/sync-status/.key-claims`, '')
  await t.rejects(aServiceProcess(t, environmentFor(directory)), {
    message: /Sheetsync cannot start: .*\. Check STORAGE_URL, and what it names\.\n$/,
  })
})
