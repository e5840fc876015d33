import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { Shutdown } from '../src/shutdown.ts'
import { onStopRequest } from '../src/stop-request.ts'
import { aDirectory, aFreePort, aServiceProcess, environmentFor, ROOT } from './support/service.ts'

t.test('parts are closed in order, those after one that fails too, and every failure is in the error', async (t) => {
  const closed: string[] = []
  const part = (name: string, failure?: Error) => ({
    name,
    async close() {
      closed.push(name)
      if (failure !== undefined) throw failure
    },
  })
  const [first, third] = [new Error('one'), new Error('three')]
  const shutdown = new Shutdown([part('a', first), part('b'), part('c', third), part('d')])
  await t.rejects(shutdown.close(), {
    name: 'AggregateError',
    errors: [
      { message: 'a could not be closed', cause: first },
      { message: 'c could not be closed', cause: third },
    ],
  })
  t.same(closed, ['a', 'b', 'c', 'd'])
  t.equal(shutdown.closing, undefined)
})

t.test('the part that hangs is named', async (t) => {
  const hangs = Promise.withResolvers<void>()
  const shutdown = new Shutdown([
    { name: 'a', close: async () => {} },
    { name: 'b', close: () => hangs.promise },
  ])
  t.equal(shutdown.closing, undefined, 'before it begins')
  const closed = shutdown.close()
  await new Promise(setImmediate)
  t.equal(shutdown.closing, 'b')
  hangs.resolve()
  await closed
  t.equal(shutdown.closing, undefined)
})

const FAILING = ['--import', './test/support/failing-closes.ts', 'src/server.ts']

t.test('a close that fails is logged, and the service ends by itself with exit code 1', async (t) => {
  const service = await aServiceProcess(t, environmentFor(await aDirectory(t)), FAILING)
  t.equal(await service.end('SIGTERM'), 1)
  t.match(service.output(), /the stop failed/)
  t.match(service.output(), /the sweeper could not be closed: the sweeper does not close/)
  t.notMatch(service.output(), /takes too long/)
})

t.test('a close that hangs is forced within 10 s, with exit code 1 and the name of what hung', async (t) => {
  const service = await aServiceProcess(t, { ...environmentFor(await aDirectory(t)), HANG: '1' }, FAILING)
  const began = performance.now()
  t.equal(await service.end('SIGTERM'), 1)
  t.ok(performance.now() - began < 10_000, 'within 10 s')
  t.match(service.output(), /"closing":"the storage".*takes too long and is forced/)
})

t.test('a second signal ends a stop that hangs at once', async (t) => {
  const service = await aServiceProcess(t, { ...environmentFor(await aDirectory(t)), HANG: '1' }, FAILING)
  service.process.kill('SIGTERM')
  while (!service.output().includes('stopping:')) await new Promise((resolve) => setTimeout(resolve, 10))
  const began = performance.now()
  t.equal(await service.end('SIGTERM'), 'SIGTERM')
  t.ok(performance.now() - began < 2000, 'at once')
})

for (const signal of ['SIGINT', 'SIGHUP'] as const) {
  t.test(`${signal} drains as SIGTERM does`, async (t) => {
    const service = await aServiceProcess(t, environmentFor(await aDirectory(t)))
    t.equal(await service.end(signal), 0)
    t.match(service.output(), new RegExp(`"reason":"${signal}".*"stopped"`, 's'))
  })
}

t.test(
  'Ctrl-Break, which is a signal on Windows alone, is a request to stop, and the first request is the last',
  (t) => {
    const reasons: string[] = []
    onStopRequest(undefined, (reason) => reasons.push(reason))
    process.emit('SIGBREAK', 'SIGBREAK')
    process.emit('SIGBREAK', 'SIGBREAK')
    t.same(reasons, ['SIGBREAK'])
    t.end()
  },
)

t.test('a parent that ends, or closes the channel that it has forked the service with, has it drained', async (t) => {
  const environment = environmentFor(await aDirectory(t))
  const service = fork('src/server.ts', {
    cwd: ROOT,
    env: environment,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  t.teardown(() => service.kill('SIGKILL'))
  const lines = createInterface({ input: service.stdout as Readable })
  await once(lines, 'line')
  service.disconnect()
  t.same(await once(service, 'exit'), [0, null])
})

const full = '/dev/full'
t.test(
  'a log that cannot be written, to a full disk or a closed terminal, holds up neither the service nor its stop',
  { skip: !existsSync(full) && `there is no ${full}` },
  async (t) => {
    const port = String(await aFreePort())
    const log = openSync(full, 'w')
    const service = spawn(process.execPath, ['src/server.ts'], {
      cwd: ROOT,
      env: { ...environmentFor(await aDirectory(t)), PORT: port },
      stdio: ['ignore', log, 'inherit'],
    })
    t.teardown(() => service.kill('SIGKILL'))
    for (let code = ''; code !== '200'; await delay(50)) {
      code = await fetch(`http://127.0.0.1:${port}/readyz`).then(({ status }) => String(status), String)
    }
    service.kill('SIGTERM')
    t.same(await once(service, 'exit'), [0, null])
  },
)
