import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import t from 'tap'
import { readConfig } from '../../src/config.ts'
import { aFreePort, ROOT } from '../support/service.ts'
import { environmentOf, readComposeFile } from './compose-file.ts'

const file = await readComposeFile()
const services = Object.entries(file.services)
/** Those of our own image: not Redis, not PostgreSQL. */
const own = services.filter(([, { build }]) => build !== undefined)

/** Every setting of .env.example, with a value that it may have. */
const settings: Record<string, string> = Object.fromEntries(
  (await readFile(`${ROOT}.env.example`, 'utf8'))
    .matchAll(/^#?([A-Z][A-Z0-9_]+)=(.*)$/gm)
    .map(([, name, value]) => [name, value]),
)
const { API_KEYS_FILE: _, ...together } = settings
const given: Record<string, string> = {
  ...together,
  API_KEYS: `web:read:${'a'.repeat(64)}`,
  STORAGE_PASSWORD: 'of-storage',
  GOOGLE_API_KEY: 'key-of-google',
  AWS_ACCESS_KEY_ID: 'id-of-aws',
  AWS_SECRET_ACCESS_KEY: 'key-of-aws',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9000',
  WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 's').toString('base64')}`,
}

t.test('compose.yaml is what the Compose Specification allows', async (t) => {
  const schema = JSON.parse(await readFile(new URL('compose-spec.json', import.meta.url), 'utf8'))
  // Its $schema is draft 07 under an https address, which Ajv knows under http.
  const ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false, allErrors: true })
  const isValid = ajv.compile(schema)
  t.ok(isValid(file), JSON.stringify(isValid.errors))
})

t.test('every health check is a list of texts', async (t) => {
  for (const [name, { healthcheck }] of services) {
    t.match(healthcheck.test[0], /^CMD(-SHELL)?$/, name)
    t.same(
      healthcheck.test.filter((part) => typeof part !== 'string'),
      [],
      name,
    )
  }
})

t.test(
  'the health check of the service passes while it is ready, and fails while it is not or nobody answers',
  async (t) => {
    const checks = [...new Set(own.map(([, { healthcheck }]) => healthcheck.test.join('\0')))].map((test) =>
      test.split('\0'),
    )
    const dockerfile = await readFile(`${ROOT}Dockerfile`, 'utf8')
    checks.push(['CMD', ...JSON.parse(/^HEALTHCHECK .*\n +CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '')])
    let status = 200
    const paths = new Set<string | undefined>()
    const server = createServer(({ url }, response) => {
      paths.add(url)
      response.writeHead(status).end()
    }).listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    const address = server.address()
    const port = address === null || typeof address === 'string' ? 0 : address.port
    for (const [, program, ...parameters] of checks) {
      t.equal(program, 'node')
      /** The exit code against another port than the one in a container. */
      const exitCode = async (port: number) => {
        const moved = parameters.map((parameter) => parameter.replace(':3000/', `:${port}/`))
        const run = promisify(execFile)(process.execPath, moved, { env: { PORT: String(port) } })
        return run.then(
          () => 0,
          ({ code }: { code: number }) => code,
        )
      }
      status = 200
      t.equal(await exitCode(port), 0)
      status = 503
      t.equal(await exitCode(port), 1)
      t.equal(await exitCode(await aFreePort()), 1)
    }
    t.same(paths, new Set(['/readyz', '/livez']))
  },
)

t.test(
  'what a service names is there: its volumes, and what it waits for, which is in the same profile and healthy',
  async (t) => {
    for (const [name, { volumes, depends_on = {}, profiles }] of services) {
      for (const volume of volumes) {
        if (typeof volume === 'string')
          t.ok(Object.hasOwn(file.volumes, volume.split(':')[0] ?? ''), `${name}: ${volume}`)
      }
      for (const [other, { condition }] of Object.entries(depends_on)) {
        t.same(file.services[other]?.profiles, profiles, `${name}: ${other}`)
        t.equal(condition, 'service_healthy', name)
      }
    }
    t.same(
      Object.keys(file.volumes).sort(),
      [...new Set(services.flatMap(([, { volumes }]) => volumes.filter((each) => typeof each === 'string')))]
        .map((volume) => volume.split(':')[0])
        .sort(),
    )
  },
)

t.test('images are of one exact version, the Node of the image that of the tests', async (t) => {
  for (const [name, { image, build }] of services) {
    if (build === undefined) t.match(image, /^[a-z]+:\d+\.\d+(\.\d+)?-bookworm$/, name)
    else t.equal(image, 'sheetsync', name)
  }
  const { devDependencies } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'))
  const dockerfile = await readFile(`${ROOT}Dockerfile`, 'utf8')
  t.match(dockerfile, `ARG NODE_IMAGE=node:${devDependencies.node}-bookworm-slim\n`)
})

t.test('no container runs as root, gains a right, or writes but to its volumes and to memory', async (t) => {
  for (const [name, service] of services) {
    t.match(service, { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] }, name)
    // Our own image names its user itself.
    if (service.build === undefined) t.match(service.user, /^[a-z]+$/, name)
    else t.same(service.tmpfs, ['/tmp'], name)
  }
})

t.test('each role starts with what it is given of all settings', async (t) => {
  for (const [name, service] of own) {
    const role = name.includes('worker') ? 'worker' : 'api'
    t.match(readConfig(environmentOf(service, given)), { role, port: 3000, host: '0.0.0.0' }, name)
    t.match(
      readConfig(environmentOf(service, { API_KEYS: given.API_KEYS ?? '', STORAGE_PASSWORD: 'x' })),
      { role },
      name,
    )
  }
})

t.test('every setting reaches a role that uses it', async (t) => {
  // Set by compose.yaml itself, for its own use, or for files.
  const others = ['INSECURE', 'STORAGE_PASSWORD', 'SCHEDULES_URL', 'HISTORY_URL', 'API_KEYS_FILE']
  for (const storage of ['', 'pg-']) {
    const [api, worker] = ['api-1', 'worker'].map((name) => file.services[storage + name]?.environment ?? {})
    const missing = Object.keys(settings).filter((name) => !others.includes(name) && !(name in { ...api, ...worker }))
    t.same(missing, storage === '' ? [] : ['HISTORY_BYTES_MAX'])
  }
})

t.test('secrets reach only the roles that need them', async (t) => {
  for (const [name, service] of services) {
    t.notOk(service.env_file, name)
    const environment = environmentOf(service, given)
    const mounts = service.volumes.flatMap((volume) => (typeof volume === 'string' ? [] : [volume.target]))
    const isWorker = name.includes('worker')
    // An API lists the credentials of the folder and asks whose a user's token is, and has no other.
    const ofGoogle = Object.keys(environment).filter((setting) => setting.startsWith('GOOGLE_'))
    const ofApi =
      service.build === undefined ? [] : ['GOOGLE_ACT_AS_DOMAINS', 'GOOGLE_API_ROOT_URL', 'GOOGLE_CREDENTIALS']
    if (!isWorker) t.same(ofGoogle.sort(), ofApi, name)
    const folder = service.build === undefined ? [] : ['/run/google-credentials']
    t.same(mounts, isWorker ? ['/run/google-credentials.json', ...folder] : folder, name)
    t.equal(environment.WEBHOOK_SECRET === given.WEBHOOK_SECRET, isWorker, name)
    t.equal('AWS_SECRET_ACCESS_KEY' in environment, service.build !== undefined, name)
    t.equal('TOKEN_KEY' in environment, service.build !== undefined, name)
    t.equal('API_KEYS' in environment, service.build !== undefined, name)
  }
})
