import { compose } from './compose.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { onStopRequest } from './stop-request.ts'

/** Milliseconds after which a stop that hangs is forced; the process is to have ended within 10 s. */
const STOP_LIMIT_MS = 9500

try {
  await main(readConfig(process.env), process.env.npm_lifecycle_script)
} catch (error) {
  process.exitCode = 1
  if (error instanceof ConfigError) {
    process.stderr.write(
      `Sheetsync cannot start; these settings are wrong:\n${error.lines.map((line) => `  ${line}\n`).join('')}`,
    )
  } else {
    // Not thrown again: Node would print every field of it, such as the URL, password and all, that could not be used.
    createLogger('fatal').fatal({ err: error }, 'Sheetsync cannot start')
  }
}

async function main(config: Config, script: string | undefined): Promise<void> {
  process.umask(config.umask)
  const log = createLogger(config.logLevel)
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
      log.info('stopped')
    } catch (error) {
      log.error({ err: error }, 'the stop failed')
      process.exitCode = 1
    }
    // From here on it waits for what was not let go of, and must not itself be what the process waits for.
    limit.unref()
  }
  const stopListening = onStopRequest(script, (reason) => {
    log.info({ reason }, 'stopping: running syncs save their checkpoint and go on after the next start')
    void stop()
  })

  try {
    const address = await service.start()
    const { credentialFile, apiKey, rootUrl } = config.google
    if (credentialFile === undefined && apiKey === undefined && rootUrl === undefined) {
      log.warn(
        'No Google credential: set GOOGLE_APPLICATION_CREDENTIALS to a service-account key file (or GOOGLE_API_KEY for public spreadsheets); until then every sync fails with GOOGLE_CREDENTIAL_MISSING.',
      )
    }
    log.info({ docs: `${address}/docs` }, `Sheetsync answers at ${address}`)
  } catch (error) {
    log.fatal({ err: error }, `Sheetsync cannot start: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
    stopListening()
    await stop()
  }
}
