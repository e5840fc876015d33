import type { Logger } from 'pino'
import { compose } from './compose.ts'
import { type Config, ConfigError, readConfig, SETTINGS } from './config.ts'
import { createLogger } from './logger.ts'
import { startFailure } from './start-failure.ts'
import { onStopRequest } from './stop-request.ts'
import { unknownSettings } from './unknown-settings.ts'

/** Milliseconds after which a stop that hangs is forced; the process is to have ended within 10 s. */
const STOP_LIMIT_MS = 9500

try {
  await main(readConfig(process.env), process.env.npm_lifecycle_script)
} catch (error) {
  if (error instanceof ConfigError) {
    const lines = [...error.lines, ...unknownSettings(Object.keys(process.env), SETTINGS)]
    cannotStart(`these settings are wrong:\n${lines.map((line) => `  ${line}`).join('\n')}`, ';')
  } else cannotStart(startFailure(error, undefined))
}

/** Says why on standard error, in one line of plain text, and has the process end with 1. Standard output is for the log alone. */
function cannotStart(why: string, mark = ':'): void {
  process.stderr.write(`Sheetsync cannot start${mark} ${why}\n`)
  process.exitCode = 1
}

async function main(config: Config, script: string | undefined): Promise<void> {
  process.umask(config.umask)
  const log = await openLog(config)
  const service = await compose(config, log)

  /** Lets the process end by itself; one that does not end in time is ended, and the log says what held it. */
  async function stop(): Promise<void> {
    const limit = setTimeout(() => {
      const held = { closing: service.closing, resources: process.getActiveResourcesInfo() }
      log.fatal(held, 'the stop takes too long and is forced')
      process.exit(1)
    }, STOP_LIMIT_MS)
    try {
      await service.close()
    } catch (error) {
      log.error({ err: error }, 'the stop failed')
      process.exitCode = 1
    }
    // From here on it waits for what was not let go of, and must not itself be what the process waits for.
    limit.unref()
  }
  const stopListening = onStopRequest(script, async (reason) => {
    log.info({ reason }, 'stopping: running syncs save their checkpoint and go on after the next start')
    await stop()
    if (process.exitCode === undefined) log.info('stopped')
  })

  try {
    const address = await service.start()
    for (const doubt of unknownSettings(Object.keys(process.env), SETTINGS)) log.warn(doubt)
    log.info(config.role === 'worker' ? {} : { docs: `${address}/docs` }, `Sheetsync answers at ${address}`)
    await service.load()
  } catch (error) {
    // A start that was asked to stop has not failed.
    if (service.stopping.aborted) return
    cannotStart(startFailure(error, config))
    stopListening()
    await stop()
  }
}

async function openLog({ logLevel, logFormat }: Config): Promise<Logger> {
  const { stdout } = process
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && stdout.isTTY)
  if (!isPretty) return createLogger(logLevel)
  const { prettyLines } = await import('./pretty-lines.ts')
  // Not of a terminal that has no colours, nor against NO_COLOR.
  return createLogger(logLevel, await prettyLines({ colorize: stdout.isTTY && stdout.hasColors() }))
}
