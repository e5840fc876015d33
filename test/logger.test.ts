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
