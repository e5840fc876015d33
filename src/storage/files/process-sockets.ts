import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join, relative } from 'node:path'
import { errnoOf } from '../../disk/disk-errors.ts'
import type { Processes } from './processes.ts'

/** Bytes of a socket's path at the most (unix(7), `sun_path` without its final zero). */
const PATH_BYTES = 107

/**
 * Proof of death across pid namespaces, such as those of two containers that share a volume: each process listens on a
 * socket in the shared folder for as long as it lives. The kernel closes it with the last thread of the process, however
 * that ends, and only then refuses connections; that of a process which is stopped or busy still takes them, or says that
 * too many wait.
 *
 * Only a refusal (ECONNREFUSED) proves anything. No socket, no right to it, a path too long or a file system without
 * sockets prove nothing, and the lease decides.
 *
 * - A name of a socket is of one process only, and of one mounted file system (its device number): two mounts of the same
 *   remote folder have unlike inodes for one file, and a socket of the one would refuse whoever asks through the other.
 * - Linux only: BSD and macOS also refuse when too many connections wait.
 */
export class ProcessSockets {
  readonly #folder: string
  readonly #processes: Processes
  readonly #ended = new Set<string>()
  #server: Server | undefined

  /** `folder`: where the sockets lie; it has to exist before `listen`. */
  constructor(folder: string, processes: Processes) {
    this.#folder = folder
    this.#processes = processes
  }

  /** Begins to prove that this process lives, where that is possible. To be called before its token is written anywhere. */
  async listen(): Promise<void> {
    if (process.platform !== 'linux') return
    const path = await this.#pathOf(this.#processes.self)
    if (path === undefined) return
    // Not what keeps the process alive.
    const server = createServer((connection) => connection.destroy()).unref()
    try {
      server.listen(path)
      await once(server, 'listening')
    } catch (error) {
      // The file system has no sockets, or another storage of this process has this one.
      if (errnoOf(error) === undefined) throw error
      return
    }
    // Whoever could not be accepted, for want of a descriptor, was not refused.
    server.on('error', () => {})
    this.#server = server
  }

  /** Resolves to true only when the process is known to have ended. */
  async hasEnded(token: string): Promise<boolean> {
    if (this.#processes.isGone(token) || this.#ended.has(token)) return true
    if (token === this.#processes.self || !this.#processes.isOfThisBoot(token)) return false
    const path = await this.#pathOf(token)
    if (path === undefined || !(await isRefused(path))) return false
    this.#ended.add(token)
    return true
  }

  /** Whether the socket of this name proves that its process has ended. */
  async isOver(name: string): Promise<boolean> {
    const path = shortest(join(this.#folder, name))
    return path !== undefined && isRefused(path)
  }

  /** Removes the socket. Nothing may be done under the token any more. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }

  async #pathOf(token: string): Promise<string | undefined> {
    try {
      const { dev } = await stat(this.#folder)
      // Hashed, as paths of sockets are short.
      const name = createHash('sha256').update(`${token} ${dev}`).digest('base64url').slice(0, 22)
      return shortest(join(this.#folder, name))
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      return undefined
    }
  }
}

/** The path, from the working folder if that is shorter; `undefined` when a socket can have neither. */
function shortest(path: string): string | undefined {
  return [path, relative(process.cwd(), path)].find((each) => Buffer.byteLength(each) <= PATH_BYTES)
}

async function isRefused(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return false
  } catch (error) {
    return errnoOf(error) === 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}
