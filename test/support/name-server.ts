import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import type { Test } from 'tap'

const TYPE_A = 1
const TYPE_AAAA = 28

/** What a name has: addresses; none at all (NXDOMAIN) for a name that is not there; or no answer, ever. */
export type Names = Readonly<Record<string, readonly string[] | 'silence'>>

/** A resolver whose only name server is one of this test's own, which knows these names (RFC 1035, section 4). */
export async function aResolver(t: Test, names: Names): Promise<{ resolver: Resolver; asked: string[] }> {
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (question, from) => {
    const labels: string[] = []
    let at = 12
    for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
      labels.push(question.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const type = question.readUInt16BE(at + 1)
    const name = labels.join('.')
    asked.push(`${name} ${type === TYPE_A ? 'A' : 'AAAA'}`)
    const known = names[name]
    if (known === 'silence') return
    const addresses = (known ?? []).filter((address) => address.includes(':') === (type === TYPE_AAAA))
    const head = Buffer.from(question.subarray(0, at + 5))
    head.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2)
    head.writeUInt16BE(addresses.length, 6)
    head.writeUInt32BE(0, 8)
    const answers = addresses.map((address) => {
      const bytes = bytesOf(address)
      const record = Buffer.alloc(12)
      record.writeUInt16BE(0xc00c, 0)
      record.writeUInt16BE(type, 2)
      record.writeUInt16BE(1, 4)
      record.writeUInt16BE(bytes.length, 10)
      return Buffer.concat([record, bytes])
    })
    socket.send(Buffer.concat([head, ...answers]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const resolver = new Resolver({ timeout: 200, tries: 1 })
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  t.teardown(() => {
    resolver.cancel()
    return new Promise<void>((resolve) => socket.close(resolve))
  })
  return { resolver, asked }
}

/** The bytes of an address; an IPv6 one in full or with one `::`, without an IPv4 tail. */
function bytesOf(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [left = '', right] = address.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [before, after] = [groups(left), groups(right ?? '')]
  const zeros = Array.from({ length: right === undefined ? 0 : 8 - before.length - after.length }, () => '0')
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
