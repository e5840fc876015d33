import { compose } from './compose.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { createLogger } from './logger.ts'

/** Milliseconds after which a stop that hangs is said so and forced. */
const DRAIN_LIMIT_MS = 10_000

try {
  await main(readConfig(process.env))
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(
    `Sheetsync cannot start; these settings are wrong:\n${error.lines.map((line) => `  ${line}\n`).join('')}`,
  )
  process.exitCode = 1
}

async function main(config: Config): Promise<void> {
  const log = createLogger(config.logLevel)
  const service = await compose(config, log)
  const stopListening = () => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.removeListener(name, stop)
  }
  const stop = (signal: NodeJS.Signals) => {
    // A second signal then ends the process at once, as it would any other.
    stopListening()
    log.info({ signal }, 'stopping: running syncs save their checkpoint and go on after the next start')
    const limit = setTimeout(() => log.error('the stop takes too long; what holds it is a defect'), DRAIN_LIMIT_MS)
    service
      .close()
      .catch((error: unknown) => {
        log.error({ err: error }, 'the stop failed')
        process.exitCode = 1
      })
      .finally(() => {
        clearTimeout(limit)
        log.info('stopped')
      })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  const address = await service.start().catch(async (error: unknown) => {
    log.fatal({ err: error }, `Sheetsync cannot start: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
    await service.close()
    return undefined
  })
  if (address === undefined) return stopListening()
  const { credentialFile, apiKey, rootUrl } = config.google
  if (credentialFile === undefined && apiKey === undefined && rootUrl === undefined) {
    log.warn(
      'No Google credential: set GOOGLE_APPLICATION_CREDENTIALS to a service-account key file (or GOOGLE_API_KEY for public spreadsheets); until then every sync fails with GOOGLE_CREDENTIAL_MISSING.',
    )
  }
  log.info({ docs: `${address}/docs` }, `Sheetsync answers at ${address}`)
}
