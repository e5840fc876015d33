import type { LoggedError } from './logger.ts'

/** What a terminal would take for a command, or for the end of a line. */
const CONTROL = /\p{Cc}/gu

/** The fields of a log line that its sentence is made of. */
interface Line {
  readonly msg?: string
  readonly req?: { readonly method: string; readonly url: string }
  readonly status?: number
  readonly ms?: number
  readonly code?: string
  readonly reason?: string
  readonly err?: LoggedError
}

/**
 * Makes the lines of JSON that are logged readable: time, level, what happened, why, and the other fields, on one line each,
 * save for stacks. What others have written cannot command the terminal. pino-pretty is loaded for it.
 */
export async function prettyLines({ colorize }: { readonly colorize: boolean }): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty')
  const pretty = prettyFactory({ colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' })
  return (line) => {
    const { msg, req, status, ms, code, reason, err, ...rest } = JSON.parse(line, printable) as Line
    const what = req === undefined ? msg : `${req.method} ${req.url}: ${msg}, ${status} in ${ms} ms`
    const sentence = [what, code, reason].filter((part) => part !== undefined).join(': ')
    // It answers nothing for lines below a level of its own, which is not set.
    return `${pretty({ ...rest, msg: sentence }) ?? ''}${err === undefined ? '' : stackOf(err)}`
  }
}

/** Where it was thrown, and its causes, below the line; an AggregateError with what it gathers. */
function stackOf(error: LoggedError): string {
  return [error, ...(error.errors ?? [])]
    .map(({ type, message, stack = `${type}: ${message}` }) => `${stack.replaceAll(/^/gm, '    ')}\n`)
    .join('')
}

/** A text of the log without control characters; a stack keeps its lines. */
function printable(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  return value.replace(CONTROL, (character) => {
    if (name === 'stack' && character === '\n') return character
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
