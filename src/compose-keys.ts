import { KeyRing } from './api-keys.ts'
import { type Config, ConfigError } from './config.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'

/** The API keys, and what keeps them as their file has them. */
export interface Keys {
  readonly ring: KeyRing
  start(): void
  close(): Promise<void>
}

/** Reads the keys that the settings name. Rejects with a ConfigError naming every fault of their file. */
export async function composeKeys(
  { apiKeys, apiKeysFile }: Pick<Config, 'apiKeys' | 'apiKeysFile'>,
  clock: Clock,
  log: Log,
): Promise<Keys> {
  if (apiKeysFile === undefined) return { ring: new KeyRing(apiKeys), start() {}, async close() {} }
  const { KeysFile } = await import('./api-keys-reload.ts')
  const file = new KeysFile({ path: apiKeysFile, clock, log })
  const faults = await file.open()
  if (faults.length > 0) throw new ConfigError(faults.map((fault) => `API_KEYS_FILE ${fault}`))
  return file
}
