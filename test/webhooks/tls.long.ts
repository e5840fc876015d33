import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { aDirectory, anEmulator, aServiceProcess, environmentFor, pollUntil, startSync } from '../support/service.ts'

const ID = '1Tls-0123456789_abcdefghijklmnopqrstuvwxyzabc'

t.test('https is spoken with a certificate that is trusted and for that name, and with no other', async (t) => {
  const directory = await aDirectory(t)
  const [key, certificate] = [`${directory}/key.pem`, `${directory}/certificate.pem`]
  const command = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${key} -out ${certificate}`
  await promisify(execFile)('openssl', command.split(' '))
  let taken = 0
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (request, response) => {
    taken++
    request.resume()
    response.writeHead(204).end()
  })
  server.listen(0)
  await once(server, 'listening')
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  const workbook = { id: ID, title: 'Told', tabs: [tabFromRows(0, 'A', [['A'], [1]])] }
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  const environment = {
    GOOGLE_API_ROOT_URL: emulator.rootUrl,
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
    WEBHOOK_INSECURE: '1',
  }
  const send = async (url: string, more: Record<string, string>) => {
    // A folder of its own each time: what one has failed to send the next would try again.
    const service = await aServiceProcess(t, { ...environmentFor(await aDirectory(t)), ...environment, ...more })
    const { id } = await startSync(service.url, { spreadsheet: ID, ifActive: 'start', webhook: { url } })
    const { webhook } = await pollUntil(service.url, id, ({ webhook }) => (webhook?.attempts.length ?? 0) > 0)
    t.equal(await service.end('SIGTERM'), 0)
    return webhook
  }
  t.match(await send(`https://localhost:${port}/`, {}), { attempts: [{ error: 'the TLS certificate is not trusted' }] })
  t.equal(taken, 0)
  const trusting = { NODE_EXTRA_CA_CERTS: certificate }
  t.match(await send(`https://localhost:${port}/`, trusting), { state: 'delivered' })
  t.equal(taken, 1)
  t.match(await send(`https://127.0.0.1:${port}/`, trusting), {
    attempts: [{ error: 'the TLS certificate is for another name' }],
  })
  t.equal(taken, 1)
})
