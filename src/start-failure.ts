import { AppError } from './errors.ts'
import { isExpected, reasonOf } from './failure-reason.ts'
import { redact } from './redaction.ts'

/**
 * Why the service cannot start, and what to do about it, on one line without credentials. What was not foreseen brings its
 * stack. `at`: where it was to listen.
 */
export function startFailure(error: unknown, at: { readonly host: string; readonly port: number } | undefined): string {
  const said = at === undefined ? undefined : listenFailure(error, at)
  if (said !== undefined) return said
  const reason = redact(reasonOf(error))
  if (isExpected(error)) return `${reason}.${error instanceof AppError && error.hint ? ` ${error.hint}` : ''}`
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return `${reason}\n${redact(stack)}`
}

/** What `listen` or the look-up of its host has failed with. */
function listenFailure(error: unknown, { host, port }: { host: string; port: number }): string | undefined {
  if (!isExpected(error) || !('syscall' in error)) return undefined
  const { syscall, code } = error
  if (syscall === 'getaddrinfo') return `HOST is ${host}, which is no name of this machine (${code}); set HOST.`
  if (syscall !== 'listen') return undefined
  switch (code) {
    case 'EADDRINUSE':
      return `the port ${port} of ${host} is taken by another program; stop it, or set PORT.`
    case 'EACCES':
      return `this user may not listen on the port ${port} of ${host}; set PORT to 1024 or more, or give the process that right.`
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine; set HOST to one that it has, or to 0.0.0.0 for all of them.`
    default:
      return `it cannot listen on the port ${port} of ${host} (${code}); set HOST and PORT.`
  }
}
