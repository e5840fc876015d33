import type { Log } from '../../src/ports/log.ts'

/** Everything that is logged, as text. */
export function aLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const say = (level: string) => (fields: object, message: string) => {
    const { err, ...others } = fields as { err?: Error }
    lines.push(`${level} ${message} ${JSON.stringify(others)} ${err?.stack ?? ''}`)
  }
  return { lines, debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
